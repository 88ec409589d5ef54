import type { ConnectionInfo, Topology } from '@sangam/client'

/** How media flows, for a person: a word that stands out, and the sentence after it. */
export interface TopologyWords {
  readonly lead: string
  readonly rest: string
}

/** How a call flows, by its selected candidate pair. */
export function callTopologyWords(path: ConnectionInfo['path']): TopologyWords {
  switch (path) {
    case 'direct':
      return { lead: 'Direct', rest: 'nothing passes the server' }
    case 'relayed':
      return { lead: 'Relayed', rest: 'a relay passes on what it cannot read' }
    case 'unknown':
      return { lead: 'Connecting', rest: 'looking for the shortest way' }
  }
}

/** What the sentence about a room is computed from. */
export interface RoomFlow {
  readonly topology: Topology
  /** Everybody in the room, oneself included. */
  readonly participants: number
  /** Whether this device sends anything now. */
  readonly sending: boolean
}

/** How a room flows, and what it saves this device over sending to each of the others. */
export function roomTopologyWords({ topology, participants, sending }: RoomFlow): TopologyWords {
  const others = participants - 1
  if (topology === 'mesh') {
    const rest =
      sending && others > 0 ? `you upload your stream ${times(others)}` : 'nothing passes the server'
    return { lead: 'Direct to each', rest }
  }
  const lead = topology === 'sfu' ? 'Through the server' : 'Mixed by the server'
  if (!sending) return { lead, rest: 'you upload nothing now' }
  if (topology === 'mcu') return { lead, rest: 'you send one stream and receive one' }
  return { lead, rest: others > 1 ? `you upload one stream, not ${others}` : 'you upload one stream' }
}

function times(count: number): string {
  if (count === 1) return 'once'
  return count === 2 ? 'twice' : `${count} times`
}
