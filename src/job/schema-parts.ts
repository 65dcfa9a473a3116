/** The parts that the schema of a job file is made of; the message of each says what was expected. */
import { z } from 'zod';
import { DURATION, parseDuration } from '../durations.ts';
import type { Parser } from '../parsed.ts';
import { parseJobPath } from './job-values.ts';

/** A text that `parse` reads; the keywords are for editors. */
export function text<T>(parse: Parser<T>, keywords: Readonly<Record<string, unknown>>): z.ZodType<T, string> {
  const none = parse('');
  const shape = z.string({ error: none.ok ? 'a text' : none.expected }).meta({ ...keywords });
  return shape.transform((value, context) => {
    const result = parse(value);
    if (result.ok) return result.value;
    context.addIssue({ code: 'custom', message: result.expected });
    return z.NEVER;
  });
}

export function duration(description: string, fallback?: string): z.ZodType<number, string> {
  const keywords = fallback === undefined ? {} : { default: fallback };
  return text(parseDuration, { description, ...keywords, pattern: DURATION.source });
}

export function wholeNumber(least: number, most: number): z.ZodInt {
  const error = `a whole number from ${least} to ${most}`;
  return z.int({ error }).min(least, { error }).max(most, { error });
}

export function word<const Word extends string>(words: readonly Word[]): z.ZodEnum<{ [Each in Word]: Each }> {
  return z.enum(words, { error: oneOf(words) });
}

function oneOf(words: readonly string[]): string {
  return words.map((each) => `"${each}"`).join(' or ');
}

/** Some of these words, at least one, each once. */
export function setOf<const Word extends string>(
  words: readonly Word[],
  what: string,
): z.ZodArray<z.ZodEnum<{ [Each in Word]: Each }>> {
  return listOf(word(words), what)
    .refine((items) => new Set(items).size === items.length, { error: `a list of ${what}, each once` })
    .meta({ uniqueItems: true });
}

export function listOf<Item extends z.ZodType>(item: Item, what: string): z.ZodArray<Item> {
  const error = `a list of ${what}`;
  return z.array(item, { error }).min(1, { error: `${error}, at least one` });
}

export function nested(example: string): { readonly error: string } {
  return { error: `keys such as "${example}"` };
}

/** A path, relative to the job file. */
export function path(description: string): z.ZodType<string, string> {
  return text(parseJobPath, { description });
}

/** One path or some. */
export function paths(description: string): z.ZodType<string | readonly string[]> {
  const one = text(parseJobPath, {});
  return z.union([one, listOf(one, 'paths')], { error: 'a path or a list of paths' }).meta({ description });
}
