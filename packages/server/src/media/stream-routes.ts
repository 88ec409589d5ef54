import type { EngineProducer } from './engine.ts'
import { PipeTree } from './pipe-tree.ts'
import type { RoomPlace } from './room-routers.ts'

type Copy = Promise<EngineProducer | undefined>

type Route = {
  readonly tree: PipeTree<RoomPlace>
  /** How a place got, or is getting, the stream. */
  readonly copies: Map<RoomPlace, Copy>
  /** Copies that are closing: an id names one producer of a worker at a time. */
  readonly closing: Map<RoomPlace, Promise<void>>
}

/** What {@link StreamRoutes} tell. */
export type StreamRouteEvents = {
  /** A copy of a stream came out at a place. */
  readonly onPiped: (producerId: string, place: RoomPlace) => void
}

/**
 * How each stream of a room reaches its places: one copy per link, made when it is first needed there, closed when it is last
 * needed. Which link is {@link PipeTree}'s to say.
 */
export class StreamRoutes {
  readonly #events: StreamRouteEvents
  readonly #routes = new Map<string, Route>()

  constructor(events: StreamRouteEvents) {
    this.#events = events
  }

  /** Copies that are alive or being made. */
  get copies(): number {
    return [...this.#routes.values()].reduce((sum, { copies }) => sum + copies.size, 0)
  }

  /** A stream is published at a place; what was known of its id counts no more. */
  begin(producerId: string, origin: RoomPlace): void {
    this.#routes.set(producerId, { tree: new PipeTree(origin), copies: new Map(), closing: new Map() })
  }

  /** A stream is gone; its copies close with it. */
  end(producerId: string): void {
    this.#routes.delete(producerId)
  }

  /**
   * Somebody at a place wants a stream.
   * @returns when it is there: a function that gives it up
   * @throws Error when it is gone, or whatever the engine throws when it can't be piped
   */
  async take(producerId: string, place: RoomPlace): Promise<() => void> {
    const route = this.#routes.get(producerId)
    if (route === undefined)
      throw Object.assign(new Error(`stream ${producerId} is gone`), { name: 'NotFoundError' })
    const parent = route.tree.take(place)
    if (parent !== undefined) route.copies.set(place, this.#pipe(producerId, route, parent, place))
    let isTaken = true
    const release = (): void => {
      if (isTaken) closeUnneeded(route, place)
      isTaken = false
    }
    try {
      await route.copies.get(place)
      return release
    } catch (error) {
      release()
      throw error
    }
  }

  /** A place is gone, with what began or went through there. */
  cut(place: RoomPlace): void {
    for (const [producerId, { tree, copies }] of this.#routes) {
      if (tree.root === place) {
        this.#routes.delete(producerId)
        continue
      }
      for (const lost of [place, ...tree.cut(place)]) copies.delete(lost)
    }
  }

  async #pipe(producerId: string, route: Route, from: RoomPlace, to: RoomPlace): Copy {
    await Promise.all([route.copies.get(from), route.closing.get(to)])
    const options = { producerId, router: to.router, enableRtx: true }
    const { pipeProducer } = await from.router.pipeToRouter(options)
    if (pipeProducer?.closed === false) this.#events.onPiped(producerId, to)
    return pipeProducer
  }
}

const closeUnneeded = ({ tree, copies, closing }: Route, place: RoomPlace): void => {
  for (const pruned of tree.release(place)) {
    const closed = copies.get(pruned)?.then(
      (producer) => producer?.close(),
      () => undefined,
    )
    copies.delete(pruned)
    if (closed !== undefined) closing.set(pruned, closed)
  }
}
