import type { Consumer } from './consumer-types.ts'
import type { DataConsumer } from './data-consumer-types.ts'
import type { DataProducer } from './data-producer-types.ts'
import { errors } from './errors.ts'
import type { PipeTransport, PipeTransportOptions } from './pipe-transport-types.ts'
import type { Producer } from './producer-types.ts'

/** What a link needs of the routers at its ends. */
export interface LinkedRouter {
  readonly id: string
  createPipeTransport(options: PipeTransportOptions): Promise<PipeTransport>
}

/** The two transports between two routers. */
interface Link {
  readonly ends: ReadonlyMap<LinkedRouter, PipeTransport>
}

/** Per router, the links to other routers; both ends know the same promise, so that calls at the same time share one link. */
const links = new WeakMap<LinkedRouter, Map<LinkedRouter, Promise<Link>>>()

/**
 * The transports of the link between two routers, made and connected by the first who asks, with its options. When one end
 * closes, so does the other, and the next who asks makes a new link.
 * @returns the end at `from`, then the end at `to`
 */
export async function linkBetween(
  from: LinkedRouter,
  to: LinkedRouter,
  options: PipeTransportOptions,
): Promise<[PipeTransport, PipeTransport]> {
  let pending = linksOf(from).get(to)
  if (pending === undefined) {
    pending = makeLink(from, to, options)
    linksOf(from).set(to, pending)
    linksOf(to).set(from, pending)
    pending.catch(() => forget(from, to))
  }
  const { ends } = await pending
  return [ends.get(from) as PipeTransport, ends.get(to) as PipeTransport]
}

/**
 * Has `producer` come out at the other end of a link; what happens to it at this end happens there: pause, resume and close.
 * Its score there is measured there: packets that are missing here are missing there as well, under numbers with the same gaps.
 * @param id of the producer at the other end
 * @throws InvalidStateError when something closed meanwhile
 */
export async function pipeProducer(
  producer: Producer,
  [near, far]: readonly [PipeTransport, PipeTransport],
  id: string | undefined,
): Promise<{ pipeConsumer: Consumer; pipeProducer: Producer }> {
  const pipeConsumer = await near.consume({ producerId: producer.id })
  try {
    const copy = await far.produce({
      ...(id === undefined ? {} : { id }),
      kind: pipeConsumer.kind,
      rtpParameters: pipeConsumer.rtpParameters,
      paused: isPaused(pipeConsumer),
      appData: producer.appData,
    })
    mirror(pipeConsumer, copy)
    if (producer.closed || pipeConsumer.closed) {
      copy.close()
      throw errors.closedMeanwhile(`producer ${producer.id}`, 'pipeToRouter')
    }
    return { pipeConsumer, pipeProducer: copy }
  } catch (error) {
    pipeConsumer.close()
    throw error
  }
}

/**
 * Has `dataProducer` come out at the other end of a link, over an SCTP stream of the link; pause, resume and close are the same
 * there as here.
 * @param id of the DataProducer at the other end
 * @throws InvalidStateError when something closed meanwhile; UnsupportedError when the link has no SCTP
 */
export async function pipeDataProducer(
  dataProducer: DataProducer,
  [near, far]: readonly [PipeTransport, PipeTransport],
  id: string | undefined,
): Promise<{ pipeDataConsumer: DataConsumer; pipeDataProducer: DataProducer }> {
  const pipeDataConsumer = await near.consumeData({ dataProducerId: dataProducer.id })
  const { sctpStreamParameters, label, protocol } = pipeDataConsumer
  try {
    // Before that messages would have nowhere to go.
    await sctpConnected(near)
    const copy = await far.produceData({
      ...(id === undefined ? {} : { id }),
      ...(sctpStreamParameters === undefined ? {} : { sctpStreamParameters }),
      label,
      protocol,
      paused: isPaused(pipeDataConsumer),
      appData: dataProducer.appData,
    })
    mirror(pipeDataConsumer, copy)
    if (dataProducer.closed || pipeDataConsumer.closed) {
      copy.close()
      throw errors.closedMeanwhile(`data producer ${dataProducer.id}`, 'pipeToRouter')
    }
    return { pipeDataConsumer, pipeDataProducer: copy }
  } catch (error) {
    pipeDataConsumer.close()
    throw error
  }
}

function sctpConnected(end: PipeTransport): Promise<void> {
  return new Promise((resolve, reject) => {
    const look = (): void => {
      const { sctpState } = end
      if (sctpState !== 'connected' && sctpState !== 'closed' && sctpState !== 'failed') return
      end.observer.off('sctpstatechange', look)
      end.observer.off('close', look)
      if (sctpState === 'connected') resolve()
      else reject(errors.closedMeanwhile('the pipe', 'pipeToRouter'))
    }
    end.observer.on('sctpstatechange', look)
    end.observer.on('close', look)
    look()
  })
}

/** What a consumer of either kind tells of itself, of which the copy at the other end is a mirror. */
interface Mirrored {
  readonly paused: boolean
  /** A Consumer's source. */
  readonly producerPaused?: boolean
  /** A DataConsumer's source. */
  readonly dataProducerPaused?: boolean
  readonly observer: { on(event: 'close' | 'pause' | 'resume', listener: () => void): unknown }
  close(): void
}

/** The producer of either kind at the other end. */
interface Copy {
  readonly paused: boolean
  readonly observer: { on(event: 'close', listener: () => void): unknown }
  pause(): Promise<void>
  resume(): Promise<void>
  close(): void
}

function isPaused({ paused, producerPaused = false, dataProducerPaused = false }: Mirrored): boolean {
  return paused || producerPaused || dataProducerPaused
}

function mirror(consumer: Mirrored, copy: Copy): void {
  // A request that fails does so because the copy closed: then there is nothing left to mirror.
  const follow = (): void => {
    ;(isPaused(consumer) ? copy.pause() : copy.resume()).catch(() => {})
  }
  consumer.observer.on('close', () => copy.close())
  consumer.observer.on('pause', follow)
  consumer.observer.on('resume', follow)
  copy.observer.on('close', () => consumer.close())
  if (isPaused(consumer) !== copy.paused) follow()
}

async function makeLink(from: LinkedRouter, to: LinkedRouter, options: PipeTransportOptions): Promise<Link> {
  const made = await Promise.allSettled([from.createPipeTransport(options), to.createPipeTransport(options)])
  const transports = made.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []))
  try {
    for (const result of made) if (result.status === 'rejected') throw result.reason
    const [near, far] = transports as [PipeTransport, PipeTransport]
    const ip = reachableIp(options)
    await Promise.all([connect(near, far, ip), connect(far, near, ip)])
    for (const [end, other] of [
      [near, far],
      [far, near],
    ] as const) {
      end.observer.on('close', () => {
        forget(from, to)
        other.close()
      })
      if (end.closed) throw errors.closedMeanwhile('one of the routers', 'pipeToRouter')
    }
    return {
      ends: new Map([
        [from, near],
        [to, far],
      ]),
    }
  } catch (error) {
    for (const transport of transports) transport.close()
    throw error
  }
}

async function connect(end: PipeTransport, other: PipeTransport, ip: string): Promise<void> {
  const { srtpParameters } = other
  await end.connect({
    ip,
    port: other.tuple.localPort,
    ...(srtpParameters === undefined ? {} : { srtpParameters }),
  })
}

/** Both ends are on this machine: they meet at the address itself, whatever is announced, and not at "any address". */
function reachableIp({ listenInfo, listenIp }: PipeTransportOptions): string {
  const ip = listenInfo?.ip ?? (typeof listenIp === 'string' ? listenIp : (listenIp?.ip ?? ''))
  if (ip === '0.0.0.0') return '127.0.0.1'
  return ip === '::' ? '::1' : ip
}

function linksOf(router: LinkedRouter): Map<LinkedRouter, Promise<Link>> {
  const known = links.get(router)
  if (known !== undefined) return known
  const fresh = new Map<LinkedRouter, Promise<Link>>()
  links.set(router, fresh)
  return fresh
}

function forget(one: LinkedRouter, other: LinkedRouter): void {
  links.get(one)?.delete(other)
  links.get(other)?.delete(one)
}
