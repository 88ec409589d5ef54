import type { Person, Presence } from '@sangam/protocol'

/** What a device says of itself. */
export type DeviceStatus = 'online' | 'away'

type Entry = {
  name: string
  /** By connection. */
  readonly devices: Map<string, DeviceStatus>
  /** Calls and rooms that the person is in. */
  engagements: number
}

const presenceOf = (entry: Entry | undefined): Presence => {
  if (entry === undefined || entry.devices.size === 0) return 'offline'
  if (entry.engagements > 0) return 'inCall'
  return [...entry.devices.values()].includes('online') ? 'online' : 'away'
}

/**
 * Who is reachable, over several devices per identity. Somebody in a call or room is `inCall`; else `online` when any
 * device is; else `away`; `offline` without a device. Pure: every method returns the person when what others see of
 * them changed, and undefined otherwise.
 */
export class PresenceBook {
  readonly #entries = new Map<string, Entry>()

  /** A device connected. */
  connect(identity: string, name: string, connectionId: string): Person | undefined {
    const entry = this.#entries.get(identity)
    if (entry === undefined) {
      this.#entries.set(identity, { name, devices: new Map([[connectionId, 'online']]), engagements: 0 })
      return this.person(identity)
    }
    return this.#change(identity, entry, () => {
      entry.name = name
      entry.devices.set(connectionId, 'online')
    })
  }

  /** A device's connection ended. */
  disconnect(identity: string, connectionId: string): Person | undefined {
    const entry = this.#entries.get(identity)
    return entry && this.#change(identity, entry, () => entry.devices.delete(connectionId))
  }

  /** A device says whether somebody sits at it. */
  setStatus(identity: string, connectionId: string, status: DeviceStatus): Person | undefined {
    const entry = this.#entries.get(identity)
    if (entry === undefined || !entry.devices.has(connectionId)) return undefined
    return this.#change(identity, entry, () => entry.devices.set(connectionId, status))
  }

  /** The person entered a call or room. */
  engage(identity: string): Person | undefined {
    const entry = this.#entries.get(identity)
    return (
      entry &&
      this.#change(identity, entry, () => {
        entry.engagements += 1
      })
    )
  }

  /** The person left a call or room. */
  disengage(identity: string): Person | undefined {
    const entry = this.#entries.get(identity)
    if (entry === undefined || entry.engagements === 0) return undefined
    return this.#change(identity, entry, () => {
      entry.engagements -= 1
    })
  }

  /** What others see of a person, or undefined for somebody without a device, call or room. */
  person(identity: string): Person | undefined {
    const entry = this.#entries.get(identity)
    return entry && { identity, name: entry.name, presence: presenceOf(entry) }
  }

  /** How reachable somebody is; `offline` for the unknown. */
  presenceOf(identity: string): Presence {
    return presenceOf(this.#entries.get(identity))
  }

  /** Everybody with a device, call or room. */
  people(): Person[] {
    return [...this.#entries].map(([identity, entry]) => ({
      identity,
      name: entry.name,
      presence: presenceOf(entry),
    }))
  }

  #change(identity: string, entry: Entry, mutate: () => void): Person | undefined {
    const before = { name: entry.name, presence: presenceOf(entry) }
    mutate()
    const after: Person = { identity, name: entry.name, presence: presenceOf(entry) }
    if (entry.devices.size === 0 && entry.engagements === 0) this.#entries.delete(identity)
    return before.name === after.name && before.presence === after.presence ? undefined : after
  }
}
