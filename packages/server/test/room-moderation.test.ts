import { describe, expect, test } from 'vitest'
import { type everything, meeting, member, roomId } from './support/meeting.ts'
import { connectMedia, publish } from './support/room-media-client.ts'
import { startTestServer, temporaryFolder } from './support/test-server.ts'

describe('roles', () => {
  test('whoever creates a room is its host, the others are speakers', async () => {
    const server = await startTestServer()
    const { hosting, visiting } = await meeting(server)
    expect(hosting).toMatchObject({ role: 'host' })
    expect(hosting.permissions).toContain('moderate')
    expect(visiting).toMatchObject({ role: 'speaker' })
    expect(visiting.permissions).not.toContain('moderate')
    expect(visiting.participants.map(({ role }) => role)).toEqual(['host', 'speaker'])
  })

  test('a token is the outer bound: a host whose token lets nobody moderate does not', async () => {
    const server = await startTestServer()
    const bounded = await member(server, 'bounded', {
      rooms: { '*': { publish: true, chat: true, moderate: false } },
    } as typeof everything)
    expect(await bounded.ask('room.join', { roomId })).toMatchObject({ role: 'speaker' })
    expect(await bounded.refusal('room.end', { roomId })).toMatchObject({
      details: { reason: 'tokenLacksGrant' },
    })
  })

  test('a listener on the stage may publish, and off it what they publish ends', async () => {
    const server = await startTestServer()
    const { host, guest, visiting } = await meeting(server)
    const { participantId } = visiting
    const transportId = await connectMedia(guest, roomId)
    const producerId = await publish(guest, roomId, transportId, 'microphone')
    await host.ask('room.setRole', { roomId, participantId, role: 'listener' })
    const changed = await guest.next('room.permissionsChanged')
    expect(changed).toMatchObject({ role: 'listener', permissions: ['subscribe', 'chat'] })
    // Told after the stream was taken from the others.
    expect(await host.next('room.trackUnpublished')).toMatchObject({ participantId, producerId })
    await host.ask('room.inviteToStage', { roomId, participantId })
    expect(await guest.next('room.stageInvited')).toMatchObject({ by: { identity: 'host' } })
    await guest.ask('room.answerStage', { roomId, accept: true })
    expect(await guest.next('room.permissionsChanged')).toMatchObject({ role: 'speaker' })
    await publish(guest, roomId, transportId, 'microphone')
    // The offer was used up.
    expect(await guest.refusal('room.answerStage', { roomId, accept: true })).toMatchObject({
      details: { reason: 'notInvited' },
    })
  })

  test('a role taken away while the connection was lost ends the stream, and the one who returns has the new one', async () => {
    const server = await startTestServer()
    const { host, guest, visiting } = await meeting(server)
    const producerId = await publish(guest, roomId, await connectMedia(guest, roomId), 'camera')
    guest.close()
    await expect.poll(() => server.metric('sangam_connections')).toBe(1)
    const { participantId, participantKey } = visiting
    await host.ask('room.setRole', { roomId, participantId, role: 'listener' })
    expect(await host.next('room.trackUnpublished')).toMatchObject({ producerId })
    const back = await server.again(guest.token)
    const resumed = await back.ask('room.join', { roomId, participantKey })
    expect(resumed).toMatchObject({ resumed: true, participantId, role: 'listener' })
    expect(resumed.permissions).toEqual(['subscribe', 'chat'])
  })

  test('a newer token that grants less takes the rights of a role with it', async () => {
    const server = await startTestServer()
    const { host, guest, visiting } = await meeting(server)
    const transportId = await connectMedia(guest, roomId)
    const camera = await publish(guest, roomId, transportId, 'camera')
    const microphone = await publish(guest, roomId, transportId, 'microphone')
    const token = await server.sangam.tokens.issue({
      identity: 'guest',
      name: 'guest',
      rooms: { [roomId]: { publish: { microphone: true } } },
    })
    await guest.ask('token.renew', { token })
    expect(await guest.next('room.permissionsChanged')).toMatchObject({
      permissions: ['microphone', 'subscribe'],
    })
    expect(await host.next('room.trackUnpublished')).toMatchObject({
      participantId: visiting.participantId,
      producerId: camera,
    })
    await guest.ask('room.pauseProducer', { roomId, producerId: microphone })
  })

  test('when the host leaves the co-host stands in, and steps back when the host returns', async () => {
    const server = await startTestServer()
    const { host, guest, visiting } = await meeting(server)
    const other = await member(server, 'other')
    const { participantId } = await other.ask('room.join', { roomId })
    await host.ask('room.setRole', { roomId, participantId, role: 'cohost' })
    await host.ask('room.leave', { roomId })
    expect(await guest.next('room.participantChanged', ({ role }) => role === 'host')).toMatchObject({
      participantId,
    })
    expect(await other.next('room.permissionsChanged', ({ role }) => role === 'host')).toBeDefined()
    await host.ask('room.join', { roomId })
    expect(
      await guest.next('room.participantChanged', ({ role }) => role === 'cohost').then(() => undefined),
    ).toBeUndefined()
    expect(await other.refusal('room.end', { roomId })).toMatchObject({
      details: { reason: 'roleLacksPermission' },
    })
    expect(visiting.role).toBe('speaker')
  })

  test('a host hands the room over and stays as a co-host', async () => {
    const server = await startTestServer()
    const { host, guest, visiting } = await meeting(server)
    await host.ask('room.transferHost', { roomId, participantId: visiting.participantId })
    expect(await guest.next('room.permissionsChanged')).toMatchObject({ role: 'host' })
    expect(await host.next('room.permissionsChanged')).toMatchObject({ role: 'cohost' })
    expect(await host.refusal('room.end', { roomId })).toMatchObject({ code: 'forbidden' })
    await guest.ask('room.end', { roomId })
    expect(await host.next('room.closed')).toEqual({ roomId, reason: 'ended' })
  })

  test('nobody acts on those of the same rank or a higher one', async () => {
    const server = await startTestServer()
    const { host, guest, hosting, visiting } = await meeting(server)
    const { participantId } = visiting
    await host.ask('room.setRole', { roomId, participantId, role: 'cohost' })
    const reason = { details: { reason: 'targetOutranks' } }
    const target = { roomId, participantId: hosting.participantId }
    expect(await guest.refusal('room.remove', target)).toMatchObject(reason)
    expect(await guest.refusal('room.mute', { roomId, participantId })).toMatchObject(reason)
    expect(await guest.refusal('room.ban', { roomId, identity: 'host' })).toMatchObject(reason)
    expect(await host.refusal('room.setRole', { roomId, participantId, role: 'host' })).toMatchObject(reason)
    expect(await guest.refusal('room.createInvite', { roomId, role: 'cohost' })).toMatchObject(reason)
    expect(await host.refusal('room.setRole', { roomId, participantId, role: 'ghost' })).toMatchObject({
      details: { reason: 'unknownRole' },
    })
  })
})

describe('muting', () => {
  test('pauses the stream for everybody and says who did it; the person may unmute', async () => {
    const server = await startTestServer()
    const { host, guest, visiting } = await meeting(server)
    const { participantId } = visiting
    const producerId = await publish(guest, roomId, await connectMedia(guest, roomId), 'microphone')
    await host.ask('room.mute', { roomId, participantId })
    expect(await host.next('room.trackPaused')).toMatchObject({ producerId, mutedBy: 'host' })
    expect(await guest.next('room.mutedByModerator')).toMatchObject({
      producerId,
      source: 'microphone',
      by: { identity: 'host' },
      mayUnmute: true,
    })
    await guest.ask('room.resumeProducer', { roomId, producerId })
    expect(await host.next('room.trackResumed')).toMatchObject({ producerId })
  })

  test('holds where nobody may unmute themselves, also against a new stream and a new connection, until it is lifted', async () => {
    const server = await startTestServer()
    const { host, guest, visiting } = await meeting(server)
    const { participantId, participantKey } = visiting
    await host.ask('room.changeSettings', { roomId, settings: { mayUnmute: false } })
    const transportId = await connectMedia(guest, roomId)
    const producerId = await publish(guest, roomId, transportId, 'microphone')
    expect(await host.ask('room.muteAll', { roomId })).toEqual({ muted: 1 })
    const reason = { code: 'forbidden', details: { reason: 'mutedByModerator' } }
    expect(await guest.refusal('room.resumeProducer', { roomId, producerId })).toMatchObject(reason)
    await guest.ask('room.closeProducer', { roomId, producerId })
    await expect(publish(guest, roomId, transportId, 'microphone')).rejects.toMatchObject(reason)
    const back = await server.again(guest.token)
    await back.ask('room.join', { roomId, participantKey })
    const anew = await connectMedia(back, roomId)
    await expect(publish(back, roomId, anew, 'microphone')).rejects.toMatchObject(reason)
    await host.ask('room.allowUnmute', { roomId, participantId })
    expect(await back.next('room.unmuteAllowed')).toMatchObject({ by: { identity: 'host' } })
    await publish(back, roomId, anew, 'microphone')
  })

  test('a camera or screen that a moderator stops is gone, with the sound of the screen', async () => {
    const server = await startTestServer()
    const { host, guest, visiting } = await meeting(server)
    const { participantId } = visiting
    const transportId = await connectMedia(guest, roomId)
    const screen = await publish(guest, roomId, transportId, 'screen')
    const sound = await publish(guest, roomId, transportId, 'screenAudio')
    await host.ask('room.stopVideo', { roomId, participantId, source: 'screen' })
    expect(await guest.next('room.mutedByModerator')).toMatchObject({ producerId: screen, source: 'screen' })
    const gone = [await host.next('room.trackUnpublished'), await host.next('room.trackUnpublished')]
    expect(gone.map(({ producerId }) => producerId).sort()).toEqual([screen, sound].sort())
  })
})

describe('removing and banning', () => {
  test('a removed person learns it, and may come again', async () => {
    const server = await startTestServer()
    const { host, guest, visiting } = await meeting(server)
    await host.ask('room.remove', { roomId, participantId: visiting.participantId })
    expect(await guest.next('room.closed')).toEqual({ roomId, reason: 'removed' })
    expect(await host.next('room.participantLeft')).toMatchObject({ reason: 'removed' })
    const { participantKey } = visiting
    expect(await guest.ask('room.join', { roomId, participantKey })).toMatchObject({ resumed: false })
  })

  test('a banned person is out on all devices, and neither key nor reconnect nor chat lets them back in', async () => {
    const server = await startTestServer()
    const { host, guest, visiting } = await meeting(server)
    const second = await server.again(guest.token)
    await second.ask('room.join', { roomId })
    await guest.ask('conversation.open', { conversationId: `room:${roomId}` })
    await host.ask('room.ban', { roomId, identity: 'guest' })
    expect(await guest.next('room.closed')).toEqual({ roomId, reason: 'banned' })
    expect(await second.next('room.closed')).toEqual({ roomId, reason: 'banned' })
    const { participantKey } = visiting
    const back = await server.again(guest.token)
    const reason = { code: 'forbidden', details: { reason: 'banned' } }
    expect(await back.refusal('room.join', { roomId, participantKey })).toMatchObject(reason)
    expect(await back.refusal('room.knock', { roomId })).toMatchObject(reason)
    expect(await back.refusal('conversation.open', { conversationId: `room:${roomId}` })).toMatchObject(
      reason,
    )
    await host.ask('conversation.open', { conversationId: `room:${roomId}` })
    await host.ask('conversation.send', {
      conversationId: `room:${roomId}`,
      clientMessageId: 'm1',
      text: 'among us',
    })
    expect(await guest.received('conversation.message')).toEqual([])
    expect((await guest.ask('conversation.list', {})).conversations).toEqual([])
    expect(await guest.next('conversation.gone')).toMatchObject({ conversationId: `room:${roomId}` })
    expect((await host.ask('room.bans', { roomId })).banned).toMatchObject([{ identity: 'guest' }])
    await host.ask('room.unban', { roomId, identity: 'guest' })
    expect(await back.ask('room.join', { roomId })).toMatchObject({ role: 'speaker' })
  })
})

describe('hands, reactions, messages and methods', () => {
  test('a raised hand is seen by all, until it or a moderator takes it down', async () => {
    const server = await startTestServer()
    const { host, guest, visiting } = await meeting(server)
    const { participantId } = visiting
    await guest.ask('room.setHand', { roomId, raised: true })
    const raised = await host.next('room.participantChanged', ({ handRaisedAt }) => handRaisedAt !== null)
    expect(raised).toMatchObject({ participantId, role: 'speaker' })
    const late = await member(server, 'late')
    const { participants } = await late.ask('room.join', { roomId })
    expect(participants.find((one) => one.participantId === participantId)).toMatchObject({
      handRaisedAt: raised.handRaisedAt,
    })
    await host.ask('room.lowerHand', { roomId, participantId })
    expect(
      await guest.next('room.participantChanged', ({ handRaisedAt }) => handRaisedAt === null),
    ).toMatchObject({ participantId })
  })

  test('a reaction reaches everybody, and not too many of them', async () => {
    const server = await startTestServer({ rateLimitFactor: 1 })
    const { host, guest, visiting } = await meeting(server)
    await guest.ask('room.react', { roomId, reaction: 'clap' })
    expect(await host.next('room.reacted')).toEqual({
      roomId,
      participantId: visiting.participantId,
      reaction: 'clap',
    })
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => guest.refusal('room.react', { roomId, reaction: 'heart' })),
    )
    expect(answers.filter((error) => error?.code === 'rateLimited').length).toBeGreaterThan(0)
  })

  test('a message reaches those it is for, in order', async () => {
    const server = await startTestServer()
    const { host, guest, hosting, visiting } = await meeting(server)
    const other = await member(server, 'other')
    await other.ask('room.join', { roomId })
    const to = [hosting.participantId]
    expect(await guest.ask('room.sendMessage', { roomId, topic: 'poll', payload: '{"a":1}', to })).toEqual({
      reached: 1,
    })
    expect(await guest.ask('room.sendMessage', { roomId, topic: 'poll', payload: '2' })).toEqual({
      reached: 2,
    })
    const first = await host.next('room.message')
    expect(first).toEqual({
      roomId,
      from: { participantId: visiting.participantId, identity: 'guest', name: 'guest' },
      topic: 'poll',
      payload: '{"a":1}',
    })
    expect(await host.next('room.message')).toMatchObject({ payload: '2' })
    expect((await other.received('room.message')).map(({ payload }) => payload)).toEqual(['2'])
  })

  test('a method of another participant gives its result, its failure, or that it did not answer', async () => {
    const server = await startTestServer()
    const { host, guest, hosting } = await meeting(server)
    const to = hosting.participantId
    const call = (timeoutMs: number) =>
      guest.raw('room.invoke', { roomId, to, method: 'add', payload: '[1,2]', timeoutMs })
    const answered = call(10_000)
    const { rpcId, payload, from } = await host.next('room.invoked')
    expect([payload, from.identity]).toEqual(['[1,2]', 'guest'])
    // Nobody else answers for the one who was asked.
    expect(await guest.refusal('room.answerInvoke', { roomId, rpcId, payload: '4' })).toMatchObject({
      code: 'notFound',
    })
    await host.ask('room.answerInvoke', { roomId, rpcId, payload: '3' })
    expect(await answered).toEqual({ ok: true, value: { payload: '3' } })
    const failed = call(10_000)
    const second = await host.next('room.invoked')
    await host.ask('room.answerInvoke', { roomId, rpcId: second.rpcId, error: 'no such sum' })
    expect(await failed).toMatchObject({ error: { code: 'methodFailed', message: 'no such sum' } })
    expect(await call(100)).toMatchObject({ error: { code: 'unavailable' } })
    expect(
      await guest.refusal('room.invoke', { roomId, to: 'ghost', method: 'add', payload: '1' }),
    ).toMatchObject({ details: { reason: 'targetNotFound' } })
  })

  test('the application hears messages, answers methods, calls methods and moderates', async () => {
    const server = await startTestServer()
    const { rooms } = server.sangam
    const { host, guest, visiting } = await meeting(server)
    const heard: unknown[] = []
    rooms.onMessage(({ from, topic, payload }) => heard.push([from.identity, topic, payload]))
    await guest.ask('room.sendMessage', { roomId, topic: 'help', payload: '"me"', to: ['server'] })
    expect(heard).toEqual([['guest', 'help', 'me']])
    rooms.handle('double', (value) => Number(value) * 2)
    rooms.handle('fails', () => {
      throw new Error('on purpose')
    })
    const call = { roomId, to: 'server', payload: '21' }
    expect(await guest.ask('room.invoke', { ...call, method: 'double' })).toEqual({ payload: '42' })
    expect(await guest.refusal('room.invoke', { ...call, method: 'fails' })).toMatchObject({
      code: 'methodFailed',
      message: 'on purpose',
    })
    expect(await guest.refusal('room.invoke', { ...call, method: 'none' })).toMatchObject({
      code: 'notFound',
    })
    const { participantId } = visiting
    const asked = rooms.invoke(roomId, participantId, 'colour')
    const { rpcId } = await guest.next('room.invoked')
    await guest.ask('room.answerInvoke', { roomId, rpcId, payload: '"blue"' })
    expect(await asked).toBe('blue')
    expect(rooms.sendMessage(roomId, 'news', { hot: true }, { to: [participantId] })).toBe(1)
    expect(await guest.next('room.message')).toMatchObject({
      from: { name: 'Sangam' },
      payload: '{"hot":true}',
    })
    expect(await rooms.list()).toMatchObject([{ roomId, participants: [{}, { identity: 'guest' }] }])
    await rooms.setRole(roomId, 'guest', 'listener')
    expect(await guest.next('room.permissionsChanged')).toMatchObject({ role: 'listener' })
    await rooms.removeParticipant(roomId, participantId)
    expect(await guest.next('room.closed')).toMatchObject({ reason: 'removed' })
    await rooms.delete(roomId)
    expect(await host.next('room.closed')).toMatchObject({ reason: 'ended' })
    expect(await rooms.get(roomId)).toBeUndefined()
  })
})

describe('what is stored', () => {
  test('a room that nobody set up is forgotten with the last participant; its next creator is host', async () => {
    const server = await startTestServer()
    const { host, guest } = await meeting(server)
    await host.ask('room.leave', { roomId })
    await guest.ask('room.leave', { roomId })
    expect(await guest.ask('room.join', { roomId })).toMatchObject({ role: 'host' })
    expect(await host.ask('room.join', { roomId })).toMatchObject({ role: 'speaker' })
  })

  test('settings, roles and bans outlive an orderly stop, and places wait for their participants', async () => {
    const dataDir = temporaryFolder()
    const first = await startTestServer({ dataDir })
    const { host, guest, hosting, visiting } = await meeting(first)
    const { participantId } = visiting
    await host.ask('room.setRole', { roomId, participantId, role: 'cohost' })
    await host.ask('room.ban', { roomId, identity: 'pest' })
    await host.ask('room.changeSettings', { roomId, settings: { lobby: true, locked: true } })
    await first.sangam.close()
    const second = await startTestServer({ dataDir })
    const back = await second.again(guest.token)
    const resumed = await back.ask('room.join', { roomId, participantKey: visiting.participantKey })
    // Its media is gone, the participant is the same.
    expect(resumed).toMatchObject({
      participantId,
      participantKey: visiting.participantKey,
      resumed: false,
      role: 'cohost',
      settings: { lobby: true, locked: true },
    })
    expect(resumed.participants.map((one) => [one.participantId, one.role])).toEqual([
      [hosting.participantId, 'host'],
      [participantId, 'cohost'],
    ])
    const stranger = await member(second, 'stranger')
    expect(
      await stranger.refusal('room.join', { roomId, participantKey: visiting.participantKey }),
    ).toMatchObject({ details: { reason: 'roomLocked' } })
    const pest = await member(second, 'pest')
    expect(await pest.refusal('room.join', { roomId })).toMatchObject({ details: { reason: 'banned' } })
    expect(first.logLines.join()).not.toContain(visiting.participantKey)
  })
})

test('whoever moderates a room pins and deletes in its chat; the others delete what is their own', async () => {
  const server = await startTestServer()
  const { host, guest } = await meeting(server)
  const conversationId = `room:${roomId}`
  const place = (number: number, clientChangeId: string) => ({ conversationId, number, clientChangeId })
  for (const client of [host, guest]) await client.ask('conversation.open', { conversationId })
  await guest.ask('conversation.send', { conversationId, clientMessageId: 'g1', text: 'first' })
  await host.ask('conversation.send', { conversationId, clientMessageId: 'h1', text: 'second' })
  await guest.ask('conversation.send', { conversationId, clientMessageId: 'g2', text: 'third' })

  expect(await guest.refusal('message.pin', { ...place(1, 'p1'), on: true })).toMatchObject({
    code: 'forbidden',
    details: { reason: 'roleLacksPermission' },
  })
  await host.ask('message.pin', { ...place(1, 'p2'), on: true })
  const { messages } = await guest.ask('conversation.pinned', { conversationId })
  expect(messages.map(({ number }) => number)).toEqual([1])

  expect((await guest.refusal('message.delete', place(2, 'd1')))?.code).toBe('forbidden')
  await guest.ask('message.delete', place(1, 'd2'))
  await host.ask('message.delete', place(3, 'd3'))
  // The right is the room's: outside there is none, whoever one was inside.
  await host.ask('room.leave', { roomId })
  expect((await host.refusal('message.pin', { ...place(2, 'p3'), on: true }))?.code).toBe('forbidden')
})
