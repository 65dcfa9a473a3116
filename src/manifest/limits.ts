/** CSV records, NDJSON lines and single JSON texts over this many bytes are refused (CONTRACT.md 3). */
export const MAX_LINE_BYTES = 4096;
/** Files over this many bytes are refused. */
export const MAX_FILE_BYTES: number = 1024 ** 3;
/** Containers that may be open at once in JSON. */
export const MAX_JSON_DEPTH = 3;
/** Bytes handled at a time; together with the limits above it bounds the memory of a read. */
export const CHUNK_BYTES: number = 64 * 1024;
/** Rows a page has at most. */
export const PAGE_ROWS = 1000;
