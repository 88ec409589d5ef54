import { isSangamError, policyReasonOf } from '@sangam/client'

/** What a person is told about an error code; codes that are not here speak with their own message. */
const WORDS: Readonly<Record<string, string>> = {
  serverUnreachable: 'The server can’t be reached. Check your connection and try again.',
  requestTimeout: 'The server took too long to answer. Try again.',
  offline: 'You are offline. Try again once the connection is back.',
  queueFull: 'Too much is waiting for the connection. Try again once it is back.',
  sessionClosed: 'You have been signed out. Reload the page to come back.',
  erased: 'You were erased from this server, with all you wrote here.',
  guestsDisabled: 'This server does not let guests in. Ask whoever runs it for an invitation.',
  protocolTooOld: 'This page is older than the server. Reload it to go on.',
  unauthenticated: 'Your sign-in is no longer valid. Enter your name again.',
  tokenExpired: 'Your sign-in has expired. Enter your name again.',
  forbidden: 'You are not allowed to do that.',
  notFound: 'That is not here any more.',
  rateLimited: 'That was too fast. Wait a moment and try again.',
  internal: 'Something went wrong on the server. Try again.',
  mediaPermissionDenied:
    'The browser does not allow it. Allow camera and microphone for this page and try again.',
  mediaNotFound: 'No such device was found. Plug one in and try again.',
  mediaBusy: 'Another program is using the device. Close it and try again.',
  mediaUnsupported: 'Camera and microphone need a secure address: open this page by https.',
}

/** What a person is told about a room's policy, where the screen has no words of its own for it. */
const POLICY_WORDS: Readonly<Record<string, string>> = {
  banned: 'You are banned from this room.',
  roleLacksPermission: 'Your role in this room does not allow that.',
  mutedByModerator: 'A host muted you. Only a host can let you speak again.',
  targetNotFound: 'They are not here any more.',
  targetOutranks: 'You can’t do that to somebody of the same rank or a higher one.',
  notInRoom: 'You are not in this room any more.',
  notInvited: 'That offer is no longer open.',
}

/** The same about notifications, whose permission is another one than that of camera and microphone. */
export function notificationErrorWords(error: unknown): string {
  return isSangamError(error, 'mediaPermissionDenied', 'mediaUnsupported')
    ? 'The browser does not allow notifications. Allow them for this page and try again.'
    : errorWords(error)
}

/** One or two plain sentences about anything that was caught. */
export function errorWords(error: unknown): string {
  const reason = policyReasonOf(error)
  if (reason !== undefined && reason !== 'roomFull')
    return POLICY_WORDS[reason] ?? 'You are not allowed to do that.'
  if (isSangamError(error)) return WORDS[error.code] ?? error.message
  return 'Something went wrong. Try again.'
}
