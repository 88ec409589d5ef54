/** Test peers and the like; private to this repository. */
export { MediaPeer, type MediaPeerEvents, type PeerCounts, type ServerTransport } from './media-peer.ts'
export { hmacSha1, PeerPort } from './peer-port.ts'
