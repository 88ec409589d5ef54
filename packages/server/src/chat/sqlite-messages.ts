import type { SqliteDatabase } from './sqlite-database.ts'
import type { AppendOutcome, AppendRequest } from './store.ts'

/** Operations of the database that only read: they need no commit. */
export const readOperations = [
  'people',
  'person',
  'conversation',
  'conversationsOf',
  'messages',
  'isStored',
  'heads',
  'sentBy',
  'aboutPerson',
  'scrub',
  'message',
  'changes',
  'pinned',
  'versions',
  'standings',
  'search',
] as const
/** Operations of the database that write: those that wait at the same time share one commit. */
export const writeOperations = [
  'rememberPerson',
  'openConversation',
  'append',
  'markProgress',
  'change',
  'changeMembership',
  'setPreferences',
  'index',
  'forgetPerson',
] as const

export type Operation = (typeof readOperations)[number] | (typeof writeOperations)[number]

/** One operation on its way to the database's thread. */
export type Job<Name extends Operation = Operation> = {
  readonly operation: Name
  readonly parameters: Parameters<SqliteDatabase[Name]>
}

/** What became of one job. */
export type JobResult =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly message: string }

/** Of a job that nothing is known of. */
export const noAnswer: JobResult = { ok: false, message: 'the database gave no answer' }

/** A {@link JobResult} on its way; a number alone: a message that quotes none was stored under it, which is what becomes of nearly all. */
export type PackedResult = JobResult | number

/** Makes a result of a job small. */
export const pack = (job: Job, result: JobResult): PackedResult => {
  if (job.operation !== 'append' || !result.ok) return result
  const value = result.value as AppendOutcome
  return value.outcome === 'stored' && value.quoted === undefined ? value.number : result
}

/** Reads what {@link pack} made for the same job. */
export const unpack = (job: Job, packed: PackedResult): JobResult => {
  if (typeof packed !== 'number') return packed
  const { sentAtMs } = job.parameters[0] as AppendRequest
  const value: AppendOutcome = { outcome: 'stored', number: packed, sentAtMs }
  return { ok: true, value }
}

/** To the thread: jobs in order, or the order to close. */
export type ToThread = { readonly type: 'jobs'; readonly jobs: readonly Job[] } | { readonly type: 'close' }

/** From the thread: results of a batch, in the order of the jobs; a batch may hold jobs of several messages, or some of one. */
export type FromThread =
  | { readonly type: 'ready' }
  | { readonly type: 'failed'; readonly message: string }
  | { readonly type: 'results'; readonly results: readonly PackedResult[] }
  | { readonly type: 'closed' }

/**
 * What goes over as one string: copying a string costs a fraction of the structured clone of a thousand small objects.
 * Everything that goes over is plain JSON.
 */
export const encode = (message: ToThread | FromThread): string => JSON.stringify(message)

/** Reads what {@link encode} wrote. */
export const decode = <Message extends ToThread | FromThread>(encoded: string): Message =>
  JSON.parse(encoded) as Message
