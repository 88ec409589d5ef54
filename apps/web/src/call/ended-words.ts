import type { EndedCall } from '../live/ended-call.ts'
import { durationWords } from './duration.ts'

/** What is said about a call that is over: one line of what, and maybe one of why. */
export interface EndedWords {
  readonly title: string
  readonly detail?: string
  /** Whether ringing (back) is the likely next step. */
  readonly callAgain: boolean
}

/** A call's end in a person's words. */
export function endedWords(ended: EndedCall): EndedWords {
  const { name } = ended.peer
  const lasted = ended.durationMs === undefined ? undefined : `It lasted ${durationWords(ended.durationMs)}.`
  const withDetail = (title: string, callAgain: boolean, detail = lasted): EndedWords =>
    detail === undefined ? { title, callAgain } : { title, detail, callAgain }
  switch (ended.reason) {
    case 'rejected':
      return ended.direction === 'incoming'
        ? withDetail(`You declined ${name}’s call`, false)
        : withDetail(`${name} declined the call`, true)
    case 'cancelled':
      if (ended.direction === 'outgoing') return withDetail(`You cancelled the call to ${name}`, true)
      return withDetail(`Missed call from ${name}`, true)
    case 'timeout':
      if (ended.direction === 'outgoing') return withDetail(`${name} did not answer`, true)
      return withDetail(`Missed call from ${name}`, true)
    case 'busy':
      return ended.direction === 'incoming'
        ? withDetail(`${name} called while you were busy`, true)
        : withDetail(`${name} is in another call`, true, 'Try again a little later.')
    case 'hangup':
      return withDetail(`Call with ${name} ended`, false)
    case 'disconnected':
      return withDetail(`The connection to ${name} was lost`, true)
    case 'answeredElsewhere':
      return withDetail(`You answered ${name} on another device`, false)
    case 'serverStopped':
      return withDetail(`Call with ${name} ended`, true, 'The server was restarted.')
    case 'failed':
      return withDetail(`The call to ${name} did not work`, true, ended.problem)
  }
}
