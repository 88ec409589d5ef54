/**
 * Version of the protocol that these schemas describe. It rises when a message changes in a way that an older
 * peer would misread. Client and server compare it in the handshake; the server refuses another one with `protocolTooOld`.
 */
export const PROTOCOL_VERSION = 1

/** Path of the Socket.IO endpoint on the server. */
export const SOCKET_PATH = '/socket.io'

/** Prefix of every HTTP endpoint that belongs to the protocol. */
export const HTTP_PREFIX = '/api/v1'
