// Plain JavaScript that an old Node can run: it is what says that the Node is too old.
if (Number.parseInt(process.versions.node, 10) < 24) {
  console.error(
    `This checkout runs on Node 24, which "npm ci" brings along; this is Node ${process.versions.node}. ` +
      'Run "npm ci", and start things with npm or npx. (On a system for which npm brings no Node 24, install one.)',
  );
  process.exitCode = 1;
}
