import {
  type ClientEventName,
  clientEvents,
  roomMessageRequests,
  roomModerationRequests,
} from '@sangam/protocol'
import { describe, expect, test } from 'vitest'
import type { GrantsInput } from '../src/index.ts'
import type { TestClient } from './support/test-client.ts'
import { startTestServer } from './support/test-server.ts'

const media = { audio: true, video: false }
const rtpCapabilities = {
  codecs: [{ kind: 'audio', mimeType: 'audio/opus', clockRate: 48_000, channels: 2 }],
}
const rtpParameters = {
  codecs: [{ mimeType: 'audio/opus', payloadType: 100, clockRate: 48_000, channels: 2 }],
}
const dtlsParameters = { role: 'client', fingerprints: [{ algorithm: 'sha-256', value: 'AA:BB' }] }
const inRoom = { roomId: 'r' }
const message = { conversationId: 'team', number: 1, clientChangeId: 'c' }

/** A valid request of each event; the ids in it exist nowhere, which a granted request may tell and a refused one may not. */
const requests: { readonly [Name in ClientEventName]: unknown } = {
  'token.renew': { token: 'a.b.c' },
  'presence.set': { status: 'away' },
  'people.list': {},
  'person.block': { identity: 'ravi', on: true },
  'person.blocked': {},
  'person.report': { identity: 'ravi', reason: 'x' },
  'message.report': { conversationId: 'team', number: 1, reason: 'x' },
  'conversation.care': { conversationId: 'team' },
  'conversation.setCare': { conversationId: 'team', slowModeMs: 1000 },
  'conversation.reports': { conversationId: 'team' },
  'conversation.dismissReports': { conversationId: 'team', number: 1 },
  'message.preview': { conversationId: 'team', url: 'https://example.com/' },
  'push.key': {},
  'push.subscribe': {
    endpoint: 'https://push.example/1',
    keys: { p256dh: 'A'.repeat(87), auth: 'A'.repeat(22) },
  },
  'push.unsubscribe': { endpoint: 'https://push.example/1' },
  'conversation.open': { conversationId: 'team' },
  'conversation.list': {},
  'conversation.history': { conversationId: 'team' },
  'conversation.send': { conversationId: 'team', clientMessageId: 'm', text: 'x' },
  'conversation.read': { conversationId: 'team', number: 1 },
  'conversation.delivered': { conversationId: 'team', number: 1 },
  'conversation.changes': { conversationId: 'team', revision: 0 },
  'conversation.pinned': { conversationId: 'team' },
  'conversation.search': { query: 'x', conversationId: 'team' },
  'conversation.create': { clientConversationId: 'c', title: 'T', members: [] },
  'conversation.rename': { conversationId: 'team', title: 'T' },
  'conversation.invite': { conversationId: 'team', identities: ['nobody'] },
  'conversation.remove': { conversationId: 'team', identity: 'nobody' },
  'conversation.leave': { conversationId: 'team' },
  'conversation.setRole': { conversationId: 'team', identity: 'nobody', role: 'member' },
  'conversation.setPreferences': { conversationId: 'team', pinned: true },
  'conversation.typing': { conversationId: 'team', typing: true },
  'message.edit': { ...message, text: 'x' },
  'message.delete': message,
  'message.react': { ...message, emoji: '👍', on: true },
  'message.pin': { ...message, on: true },
  'message.versions': { conversationId: 'team', number: 1 },
  'call.start': { to: 'nobody', media },
  'call.accept': { callId: 'c' },
  'call.reject': { callId: 'c' },
  'call.cancel': { callId: 'c' },
  'call.hangup': { callId: 'c' },
  'call.signal': { callId: 'c', signal: { type: 'candidate', candidate: null } },
  'call.resume': { callId: 'c' },
  'room.list': {},
  'room.join': inRoom,
  'room.leave': inRoom,
  'room.openMedia': inRoom,
  'room.connectMedia': {
    ...inRoom,
    transportId: 't',
    dtlsParameters,
    rtpCapabilities,
    tracks: [{ kind: 'audio', rtpParameters, source: 'microphone' }],
  },
  'room.publish': { ...inRoom, transportId: 't', kind: 'audio', rtpParameters, source: 'microphone' },
  'room.consumersReady': { ...inRoom, transportId: 't', batch: 1 },
  'room.setView': { ...inRoom, tiles: [] },
  'room.restartIce': { ...inRoom, transportId: 't' },
  'room.pauseProducer': { ...inRoom, producerId: 'p' },
  'room.resumeProducer': { ...inRoom, producerId: 'p' },
  'room.closeProducer': { ...inRoom, producerId: 'p' },
  'room.knock': inRoom,
  'room.stopWaiting': inRoom,
  'room.lobby': inRoom,
  'room.admit': { ...inRoom, identity: 'x' },
  'room.admitAll': inRoom,
  'room.refuse': { ...inRoom, identity: 'x' },
  'room.changeSettings': { ...inRoom, settings: { lobby: true } },
  'room.createInvite': inRoom,
  'room.invites': inRoom,
  'room.revokeInvite': { ...inRoom, inviteId: 'i' },
  'room.setHand': { ...inRoom, raised: true },
  'room.lowerHand': { ...inRoom, participantId: 'p' },
  'room.inviteToStage': { ...inRoom, participantId: 'p' },
  'room.answerStage': { ...inRoom, accept: true },
  'room.mute': { ...inRoom, participantId: 'p' },
  'room.muteAll': inRoom,
  'room.allowUnmute': { ...inRoom, participantId: 'p' },
  'room.stopVideo': { ...inRoom, participantId: 'p', source: 'camera' },
  'room.setRole': { ...inRoom, participantId: 'p', role: 'speaker' },
  'room.transferHost': { ...inRoom, participantId: 'p' },
  'room.remove': { ...inRoom, participantId: 'p' },
  'room.ban': { ...inRoom, identity: 'x' },
  'room.unban': { ...inRoom, identity: 'x' },
  'room.bans': inRoom,
  'room.end': inRoom,
  'room.react': { ...inRoom, reaction: 'clap' },
  'room.sendMessage': { ...inRoom, topic: 't', payload: '1' },
  'room.invoke': { ...inRoom, to: 'p', method: 'm', payload: '1' },
  'room.answerInvoke': { ...inRoom, rpcId: 'r', payload: '1' },
}

const group = { conversations: { team: { read: true, write: true } } }
const reader = { conversations: { team: { read: true } } }
const publisher = { rooms: { r: { publish: true, subscribe: false } } }
const subscriber = { rooms: { r: {} } }

/** Which grants each event needs: the least that passes, and those next to it that must not. */
const needs: readonly {
  readonly event: ClientEventName
  readonly passes: GrantsInput
  readonly refused: readonly GrantsInput[]
  readonly request?: unknown
}[] = [
  { event: 'people.list', passes: { people: true }, refused: [{ call: true, direct: true }] },
  {
    event: 'conversation.open',
    passes: group,
    refused: [{ direct: true }, { conversations: { other: { write: true } } }],
  },
  {
    event: 'conversation.open',
    passes: { direct: true },
    refused: [group],
    request: { withIdentity: 'nobody' },
  },
  {
    event: 'conversation.open',
    passes: { rooms: { r: { chat: true } } },
    refused: [{ rooms: { r: { publish: true } } }, { conversations: { '*': { write: true } } }],
    request: { conversationId: 'room:r' },
  },
  {
    event: 'conversation.open',
    passes: { direct: true },
    refused: [{ conversations: { '*': { write: true } } }],
    request: { conversationId: 'direct:x' },
  },
  { event: 'conversation.history', passes: reader, refused: [{ rooms: { team: { chat: true } } }] },
  { event: 'conversation.setCare', passes: group, refused: [reader, { direct: true }] },
  { event: 'conversation.send', passes: group, refused: [reader, { direct: true }] },
  ...(
    [
      'conversation.read',
      'conversation.delivered',
      'conversation.changes',
      'conversation.pinned',
      'conversation.care',
      'message.report',
      'conversation.search',
      'conversation.setPreferences',
      'message.versions',
    ] as const
  ).map((event) => ({
    event,
    passes: reader,
    refused: [{ people: true }, { conversations: { other: {} } }],
  })),
  ...(
    [
      'conversation.rename',
      'conversation.invite',
      'conversation.remove',
      'conversation.setRole',
      'conversation.typing',
      'message.edit',
      'message.delete',
      'message.react',
      'message.pin',
      'message.preview',
      'conversation.reports',
      'conversation.dismissReports',
    ] as const
  ).map((event) => ({ event, passes: group, refused: [reader, { direct: true }] })),
  {
    event: 'conversation.create',
    passes: { conversations: { '*': { write: true } } },
    refused: [group, { conversations: { '*': { read: true } } }],
  },
  { event: 'call.start', passes: { call: true }, refused: [{ direct: true, people: true }] },
  {
    event: 'room.join',
    passes: subscriber,
    refused: [{ rooms: { r: { join: false, publish: true } } }, { rooms: { q: {} } }],
  },
  { event: 'room.openMedia', passes: subscriber, refused: [{ rooms: { q: {} } }] },
  { event: 'room.connectMedia', passes: publisher, refused: [subscriber] },
  { event: 'room.publish', passes: publisher, refused: [subscriber] },
  { event: 'room.knock', passes: subscriber, refused: [{ rooms: { q: {} } }] },
  { event: 'room.consumersReady', passes: subscriber, refused: [publisher] },
  { event: 'room.resumeProducer', passes: publisher, refused: [subscriber] },
]

/** Events that any valid token may send: they reach only what the connection itself owns or belongs to. */
const openEvents = (Object.keys(clientEvents) as ClientEventName[]).filter(
  (event) => !needs.some((need) => need.event === event),
)

const codeOf = async (client: TestClient, event: string, request: unknown): Promise<string> =>
  (await client.refusal(event, request))?.code ?? 'ok'

describe('every event asks for its grant', () => {
  test.each(needs)(
    '$event passes with $passes and is forbidden without',
    async ({ event, passes, refused, request }) => {
      const server = await startTestServer()
      const payload = request ?? requests[event]
      const allowed = await server.member({ identity: 'asha', name: 'Asha', ...passes })
      expect(await codeOf(allowed, event, payload)).not.toBe('forbidden')
      const everyone = await Promise.all(
        [{}, ...refused].map((grants, index) =>
          server.member({ identity: `p${index}`, name: 'P', ...grants }),
        ),
      )
      const codes = await Promise.all(everyone.map((client) => codeOf(client, event, payload)))
      expect(codes).toEqual(codes.map(() => 'forbidden'))
    },
  )

  test('a token without any grant reaches nothing that is not its own', async () => {
    const server = await startTestServer()
    const stranger = await server.member({ identity: 'stranger', name: 'Stranger' })
    const codes = await Promise.all(
      openEvents.map(async (event) => [event, await codeOf(stranger, event, requests[event])]),
    )
    expect(Object.fromEntries(codes)).toEqual({
      'token.renew': 'unauthenticated',
      'presence.set': 'ok',
      'push.key': 'ok',
      'person.block': 'ok',
      'person.blocked': 'ok',
      'person.report': 'notFound',
      'push.subscribe': 'ok',
      'push.unsubscribe': 'ok',
      'conversation.list': 'ok',
      'conversation.leave': 'notFound',
      'room.list': 'ok',
      ...Object.fromEntries(
        ['call.accept', 'call.reject', 'call.cancel', 'call.hangup', 'call.signal', 'call.resume'].map(
          (event) => [event, 'notFound'],
        ),
      ),
      ...Object.fromEntries(
        [
          'room.leave',
          'room.restartIce',
          'room.pauseProducer',
          'room.closeProducer',
          'room.setView',
          'room.answerInvoke',
        ].map((event) => [event, 'notFound']),
      ),
      'room.stopWaiting': 'ok',
      // The room policy answers these: the stranger is in no room.
      ...Object.fromEntries(
        Object.keys({ ...roomModerationRequests, ...roomMessageRequests })
          .filter((event) => !['room.knock', 'room.stopWaiting', 'room.answerInvoke'].includes(event))
          .map((event) => [event, 'forbidden']),
      ),
    })
  })

  test('a named room replaces the wildcard, it does not add to it', async () => {
    const server = await startTestServer()
    const client = await server.member({
      identity: 'asha',
      name: 'Asha',
      rooms: { '*': { publish: true }, r: { publish: false } },
    })
    expect(await codeOf(client, 'room.publish', requests['room.publish'])).toBe('forbidden')
    expect(
      await codeOf(client, 'room.publish', { ...(requests['room.publish'] as object), roomId: 'q' }),
    ).toBe('notFound')
  })

  test('room.list and notices tell nothing of rooms that the token does not grant', async () => {
    const server = await startTestServer()
    const host = await server.member({ identity: 'host', name: 'Host', rooms: { open: {}, secret: {} } })
    const visitor = await server.member({ identity: 'visitor', name: 'Visitor', rooms: { open: {} } })
    await host.ask('room.join', { roomId: 'secret' })
    await host.ask('room.join', { roomId: 'open' })
    expect((await visitor.ask('room.list', {})).rooms.map((room) => room.roomId)).toEqual(['open'])
    const heard = [await visitor.next('room.listed'), ...(await visitor.received('room.listed'))]
    expect(heard.map(({ room }) => room.roomId)).not.toContain('secret')
  })

  test('presence is told only to those who may see people', async () => {
    const server = await startTestServer()
    const seeing = await server.member({ identity: 'seeing', name: 'Seeing', people: true })
    const blind = await server.member({ identity: 'blind', name: 'Blind' })
    await server.member({ identity: 'asha', name: 'Asha' })
    await seeing.next('presence.changed', ({ people }) => people.some(({ identity }) => identity === 'asha'))
    expect(await blind.received('presence.changed')).toEqual([])
  })
})
