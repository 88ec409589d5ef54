/**
 * Connects receivers, until they have their keys, and never reads what is sent to them: its parent stops it then. The system
 * drops what comes as soon as their sockets' buffers are full, and that costs no receiver any time.
 */
import { MediaPeer, PeerPort } from '@sangam/testkit'
import type { DeafNotice, DeafPeers } from './deaf-audience.ts'

const tell = (notice: DeafNotice): void => {
  process.send?.(notice)
}

process.once('message', async (servers: DeafPeers) => {
  const port = new PeerPort()
  const peers = servers.map((server) => new MediaPeer(port, server))
  tell({ type: 'connect', dtlsParameters: peers.map(({ dtlsParameters }) => dtlsParameters) })
  await Promise.all(peers.map((peer) => peer.connect()))
  tell({ type: 'connected' })
})
