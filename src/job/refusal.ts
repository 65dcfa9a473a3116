/** Why a job does not carry out anything (`refused`, exit 4), and what the operator can do. */
export interface JobRefusal {
  /** One sentence without its full stop. */
  readonly why: string;
  /** The next command or step. */
  readonly next: string;
}
