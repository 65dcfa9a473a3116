/** What was seen of one request, before anybody says what it means. */
export type Observation = HttpAnswer | RequestFailure;

/** The server answered: at least a status line and headers arrived. */
export interface HttpAnswer {
  readonly kind: 'answer';
  readonly status: number;
  readonly headers: AnswerHeaders;
  /** UTF-8 text, 64 KiB at most. */
  readonly body: string;
  /** The body did not arrive whole: the connection broke or the time was up. */
  readonly truncated: boolean;
  /** The body was longer than 64 KiB; the rest was not read. */
  readonly oversized: boolean;
}

/** Header names in lower case; a header that was sent several times is an array. */
export type AnswerHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;

/** No answer. `sent` once the request was handed to the socket; before that nothing can have reached the server. */
export interface RequestFailure {
  readonly kind: 'not_sent' | 'tls' | 'sent';
  readonly code: string;
  readonly message: string;
}

/** The code of a failure that was our own doing (the second Ctrl-C) and so says nothing about the server. */
export const ABORTED = 'ABORTED';

/** The code of a failure at the attempt's deadline. */
export const TIMED_OUT = 'TIMED_OUT';
