import type { Topology } from '@sangam/protocol'

/** How media travels in a room, and why, in words that a person understands. */
export type TopologyChoice = { readonly topology: Topology; readonly reason: string }

/**
 * Chooses how media travels. Rooms go through the forwarding unit: a mesh of n needs n(n−1)/2 connections and n−1
 * uploads from each, the unit needs one of either per person.
 */
export const chooseTopology = (): TopologyChoice => ({
  topology: 'sfu',
  reason: 'Rooms go through the server, so that everyone uploads each stream once.',
})
