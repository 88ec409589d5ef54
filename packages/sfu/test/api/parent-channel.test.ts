import { setImmediate as nextTurn } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import type { ToWorker } from '../../src/channel/messages.ts'
import { ParentChannel } from '../../src/channel/parent-channel.ts'

function channelWithLog() {
  const sent: ToWorker[] = []
  const unclaimed: string[] = []
  const channel = new ParentChannel({
    send: (frame) => sent.push(frame),
    toError: (error, method) => new Error(`${method}: ${error.message}`),
    onUnclaimedEvent: ({ event }, target) => unclaimed.push(`${target}:${event}`),
  })
  return { channel, sent, unclaimed }
}

describe('requests', () => {
  test('answers may come in any order', async () => {
    const { channel } = channelWithLog()
    const first = channel.request('router.dump', { routerId: 'a' })
    const second = channel.request('router.dump', { routerId: 'b' })
    channel.handleFrame({ id: 2, ok: true, data: { id: 'b' } })
    channel.handleFrame({ id: 1, ok: true, data: { id: 'a' } })
    expect(await first).toEqual({ id: 'a' })
    expect(await second).toEqual({ id: 'b' })
  })

  test('a refusal rejects with the error made of it', async () => {
    const { channel } = channelWithLog()
    const refused = channel.request('router.dump', { routerId: 'a' })
    channel.handleFrame({ id: 1, ok: false, error: { name: 'Error', message: 'no' } })
    await expect(refused).rejects.toThrow('router.dump: no')
  })

  test('an answer to nothing, or a second one, is ignored', async () => {
    const { channel } = channelWithLog()
    channel.handleFrame({ id: 99, ok: true, data: {} })
    const request = channel.request('router.dump', { routerId: 'a' })
    channel.handleFrame({ id: 1, ok: true, data: { first: true } })
    channel.handleFrame({ id: 1, ok: true, data: { second: true } })
    expect(await request).toEqual({ first: true })
  })

  test('a pipe that throws rejects the request', async () => {
    const channel = new ParentChannel({
      send: () => {
        throw new Error('EPIPE')
      },
      toError: () => new Error('unused'),
      onUnclaimedEvent: () => {},
    })
    await expect(channel.request('worker.dump', {})).rejects.toThrow('EPIPE')
  })

  test('after close() everything rejects with its reason, and nothing is sent', async () => {
    const { channel, sent } = channelWithLog()
    const pending = channel.request('worker.dump', {})
    const reason = new Error('gone')
    channel.close(reason)
    channel.close(new Error('later'))
    await expect(pending).rejects.toBe(reason)
    await expect(channel.request('worker.dump', {})).rejects.toBe(reason)
    channel.notify('producer.send', 'p', { packet: new Uint8Array(1) })
    expect(sent).toHaveLength(1)
  })
})

describe('mailboxes', () => {
  const paused = { event: 'consumer.producerPaused', target: 'c', data: {} } as const
  const resumed = { event: 'consumer.producerResumed', target: 'c', data: {} } as const

  test('what comes between the request and deliverTo() is delivered a turn later, in order, before what comes then', async () => {
    const { channel, unclaimed } = channelWithLog()
    const events: string[] = []
    const mailbox = channel.openMailbox('c')
    channel.handleFrame(paused)
    mailbox.deliverTo(({ event }) => events.push(event))
    channel.handleFrame(resumed)
    expect(events).toEqual([])
    await nextTurn()
    channel.handleFrame(paused)
    expect(events).toEqual([paused.event, resumed.event, paused.event])
    expect(unclaimed).toEqual([])
  })

  test('a mailbox that its receiver closes delivers nothing more', async () => {
    const { channel, unclaimed } = channelWithLog()
    const events: string[] = []
    const mailbox = channel.openMailbox('c')
    channel.handleFrame(paused)
    channel.handleFrame(resumed)
    mailbox.deliverTo(({ event }) => {
      events.push(event)
      mailbox.close()
    })
    await nextTurn()
    expect(events).toEqual([paused.event])
    channel.handleFrame(resumed)
    expect(unclaimed).toEqual(['c:consumer.producerResumed'])
  })

  test('a closed channel drops events', async () => {
    const { channel, unclaimed } = channelWithLog()
    const events: string[] = []
    channel.openMailbox('c').deliverTo(({ event }) => events.push(event))
    channel.handleFrame(paused)
    channel.close(new Error('gone'))
    channel.handleFrame(resumed)
    await nextTurn()
    expect([events, unclaimed]).toEqual([[], []])
  })
})
