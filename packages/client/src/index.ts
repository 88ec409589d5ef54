export type * from './api.ts'
export { memoryOutbox } from './chat/memory-outbox.ts'
export { fileCache, fileOutbox } from './chat/node-files.ts'
export { connect } from './connect.ts'
export { browserGuestStorage } from './connection/guest-storage.ts'
export { fetchServerInfo } from './connection/http-api.ts'
export {
  type ClientErrorCode,
  isSangamError,
  policyReasonOf,
  SangamError,
  type SangamErrorCode,
} from './errors.ts'
export {
  type DevicesWish,
  type DeviceWish,
  mediaDevices,
  type OpenedDevices,
  openDevices,
  refreshDevices,
} from './media/devices.ts'
export type {
  BrowserCapabilities,
  PeerConnection,
  PeerPlatform,
  PeerReceiver,
  PeerSender,
  PeerTransceiver,
} from './peer/peer-connection.ts'
