import type { ConnectionSnapshot } from '@sangam/client'

/** What the connection banner says; nothing while all is well. */
export interface ConnectionWords {
  readonly tone: 'waiting' | 'ended'
  readonly text: string
  /** What the person can do about it. */
  readonly action?: 'reload' | 'signIn'
}

/** The words for a connection, given whether the browser itself believes to have a network. */
export function connectionWords(
  connection: ConnectionSnapshot,
  networkUp: boolean,
): ConnectionWords | undefined {
  if (connection.state === 'online') return undefined
  const code = connection.error?.code
  if (code === 'protocolTooOld') {
    return { tone: 'ended', text: 'A newer Sangam is here. Reload to go on.', action: 'reload' }
  }
  if (connection.state === 'closed') {
    const text = connection.error === undefined ? 'Signed out.' : 'Your session has ended.'
    return { tone: 'ended', text, action: 'signIn' }
  }
  if (!networkUp) {
    return { tone: 'waiting', text: 'You are offline. Messages are kept and sent once you are back.' }
  }
  return { tone: 'waiting', text: connection.attempt > 4 ? 'Still reconnecting…' : 'Reconnecting…' }
}
