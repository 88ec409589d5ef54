import type { SystemLine } from '@sangam/client'

/** A line of the server's in words; `who` is its subject. */
export function systemWords(line: SystemLine, who: string): string {
  switch (line.type) {
    case 'call':
      return callWords(line, who)
    case 'renamed':
      return `${who} named the group “${line.title}”`
    case 'added':
      return `${who} added ${namesOf(line.people)}`
    case 'removed':
      return `${who} removed ${namesOf(line.people)}`
    case 'left':
      return `${who} left`
  }
}

function namesOf(people: readonly { readonly name: string }[]): string {
  return new Intl.ListFormat('en').format(people.map(({ name }) => name))
}

function callWords(line: Extract<SystemLine, { type: 'call' }>, who: string): string {
  const call = line.video ? 'video call' : 'call'
  const own = who === 'You'
  switch (line.outcome) {
    case 'answered':
      return `${own ? 'Outgoing' : 'Incoming'} ${call}, ${lengthWords(line.durationMs ?? 0)}`
    case 'missed':
      return own ? `Your ${call} was not answered` : `Missed ${call}`
    case 'declined':
      return own ? `Your ${call} was declined` : `You declined a ${call}`
    case 'cancelled':
      return own ? `You cancelled the ${call}` : `Missed ${call}`
    case 'busy':
      return own ? `Busy: your ${call} did not get through` : `Missed ${call}`
  }
}

function lengthWords(durationMs: number): string {
  const minutes = Math.round(durationMs / 60_000)
  if (minutes < 1) return 'under a minute'
  if (minutes < 60) return minutes === 1 ? '1 minute' : `${minutes} minutes`
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}
