import type { AppliedDeletion, IdRequests, StatusCounts } from './request-log.ts';

interface ObjectCounts {
  readonly live: number;
  readonly softDeleted: number;
  readonly hardDeleted: number;
}

/** Visits of the page to which redirects lead; nobody should follow them, least of all with the key. */
interface DecoyVisits {
  readonly requests: number;
  readonly withKey: number;
}

/** The truth about a sandbox: what arrived, and what was really deleted. */
export interface SandboxState {
  readonly seed: number;
  /** Of the objects that the sandbox knows; with `acceptAnyId` others become known when they are deleted. */
  readonly videos: ObjectCounts;
  /** Stock replicas are not counted. */
  readonly replicas: ObjectCounts;
  /** In the order in which they were applied. */
  readonly deleted: readonly AppliedDeletion[];
  /** Requests to the API, those with a bad key and to unknown routes included. */
  readonly requests: {
    readonly total: number;
    readonly deletes: number;
    /** DELETEs that have no record, because recording is off or `maxRecords` was reached. */
    readonly unrecorded: number;
    readonly byStatus: StatusCounts;
    /** The most requests that waited for their answers at one moment; says little without latency. */
    readonly maxInFlight: number;
  };
  /** By ID, for every ID that a DELETE named. */
  readonly perId: Readonly<Record<string, IdRequests>>;
  /** Requests for which the API has no route, or whose query it does not document. */
  readonly unexpected: number;
  /** Method, path and query of the unexpected requests, the first 100 different ones. */
  readonly unexpectedRoutes: Readonly<Record<string, number>>;
  readonly decoy: DecoyVisits;
}
