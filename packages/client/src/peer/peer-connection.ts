/**
 * The part of `RTCPeerConnection` (W3C WebRTC 1.0) that a room's session calls: the one seam between the SDK and the
 * browser's media. `RTCPeerConnection` fits as it is; `FakePeerConnection` stands in where there is no browser.
 */

/** Sends one track (`RTCRtpSender`). */
export interface PeerSender {
  replaceTrack(track: MediaStreamTrack | null): Promise<void>
  getParameters(): RTCRtpSendParameters
  setParameters(parameters: RTCRtpSendParameters): Promise<void>
  getStats(): Promise<RTCStatsReport>
}

/** Receives one track (`RTCRtpReceiver`). */
export interface PeerReceiver {
  readonly track: MediaStreamTrack
  getSynchronizationSources(): RTCRtpSynchronizationSource[]
}

/** One media section of the connection (`RTCRtpTransceiver`). */
export interface PeerTransceiver {
  readonly mid: string | null
  direction: RTCRtpTransceiverDirection
  readonly sender: PeerSender
  readonly receiver: PeerReceiver
}

/** A connection to the server (`RTCPeerConnection`). */
export interface PeerConnection {
  readonly connectionState: RTCPeerConnectionState
  readonly localDescription: { readonly sdp: string } | null
  setRemoteDescription(description: RTCSessionDescriptionInit): Promise<void>
  /** Without an argument: the answer to what was set, as JSEP (RFC 9429) makes it. */
  setLocalDescription(): Promise<void>
  getTransceivers(): readonly PeerTransceiver[]
  createDataChannel(label: string, options: RTCDataChannelInit): RTCDataChannel
  getStats(): Promise<RTCStatsReport>
  addEventListener(type: 'connectionstatechange', listener: () => void): void
  close(): void
}

/** What one side of a browser can do with a kind of media (`RTCRtpSender.getCapabilities()` and its sibling). */
export interface BrowserCapabilities {
  readonly codecs: readonly {
    readonly mimeType: string
    readonly clockRate: number
    readonly channels?: number
    readonly sdpFmtpLine?: string
  }[]
  readonly headerExtensions: readonly { readonly uri: string }[]
}

/** Where connections come from. */
export interface PeerPlatform {
  connect(configuration: RTCConfiguration): PeerConnection
  /** Null where the browser knows nothing of the kind. */
  capabilities(direction: 'send' | 'receive', kind: 'audio' | 'video'): BrowserCapabilities | null
}

/** The browser's own; undefined in Node, and on pages that may not use WebRTC. */
export function browserPlatform(): PeerPlatform | undefined {
  if (typeof RTCPeerConnection === 'undefined') return undefined
  return {
    connect: (configuration) => new RTCPeerConnection(configuration),
    capabilities: (direction, kind) =>
      direction === 'send' ? RTCRtpSender.getCapabilities(kind) : RTCRtpReceiver.getCapabilities(kind),
  }
}
