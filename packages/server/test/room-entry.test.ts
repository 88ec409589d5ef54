import { describe, expect, test } from 'vitest'
import { meeting, member, roomId } from './support/meeting.ts'
import { startTestServer } from './support/test-server.ts'

describe('the lobby', () => {
  test('lets people wait, moderators see them, and in comes who is admitted', async () => {
    const server = await startTestServer()
    const { host } = await meeting(server)
    await host.ask('room.changeSettings', { roomId, settings: { lobby: true } })
    const [first, second] = [await member(server, 'first'), await member(server, 'second')]
    expect(await first.refusal('room.join', { roomId })).toMatchObject({
      details: { reason: 'waitInLobby' },
    })
    expect(await first.ask('room.knock', { roomId })).toMatchObject({ state: 'waiting', position: 1 })
    expect(await second.ask('room.knock', { roomId })).toMatchObject({ state: 'waiting', position: 2 })
    const seen = await host.next('room.lobbyChanged', ({ waiting }) => waiting.length === 2)
    expect(seen.waiting.map(({ identity }) => identity)).toEqual(['first', 'second'])
    await host.ask('room.admit', { roomId, identity: 'first' })
    expect(await first.next('room.admitted')).toEqual({ roomId })
    const { participantKey } = await first.ask('room.join', { roomId })
    await host.ask('room.refuse', { roomId, identity: 'second' })
    expect(await second.next('room.turnedAway')).toEqual({ roomId, reason: 'refused' })
    // Once let in they need no admission again.
    await first.ask('room.leave', { roomId })
    expect(await first.ask('room.join', { roomId, participantKey })).toMatchObject({ resumed: false })
    expect(await second.refusal('room.join', { roomId })).toMatchObject({
      details: { reason: 'waitInLobby' },
    })
  })

  test('who was inside when it was set up is inside, also after leaving; who was removed has to knock', async () => {
    const server = await startTestServer()
    const { host, guest, visiting } = await meeting(server)
    await host.ask('room.changeSettings', { roomId, settings: { lobby: true } })
    await guest.ask('room.leave', { roomId })
    const { participantId } = await guest.ask('room.join', { roomId })
    expect(participantId).not.toBe(visiting.participantId)
    await host.ask('room.remove', { roomId, participantId })
    expect(await guest.refusal('room.join', { roomId })).toMatchObject({
      details: { reason: 'waitInLobby' },
    })
  })

  test('opens for all who wait when it is taken down, and ends with the room', async () => {
    const server = await startTestServer()
    const { host } = await meeting(server)
    await host.ask('room.changeSettings', { roomId, settings: { lobby: true } })
    const first = await member(server, 'first')
    await first.ask('room.knock', { roomId })
    await host.ask('room.changeSettings', { roomId, settings: { lobby: false } })
    expect(await first.next('room.admitted')).toEqual({ roomId })
    await host.ask('room.changeSettings', { roomId, settings: { lobby: true } })
    const second = await member(server, 'second')
    await second.ask('room.knock', { roomId })
    await host.ask('room.end', { roomId })
    expect(await second.next('room.turnedAway')).toEqual({ roomId, reason: 'ended' })
    expect(await second.refusal('room.join', { roomId })).toMatchObject({ details: { reason: 'roomEnded' } })
    expect(await host.ask('room.join', { roomId })).toMatchObject({ role: 'host' })
  })

  test('forgets who gave up, and who does not come back in the grace time', async () => {
    const server = await startTestServer({ reconnectGraceSeconds: 1 })
    const { host } = await meeting(server)
    await host.ask('room.changeSettings', { roomId, settings: { lobby: true } })
    const [first, second] = [await member(server, 'first'), await member(server, 'second')]
    await first.ask('room.knock', { roomId })
    await second.ask('room.knock', { roomId })
    await host.next('room.lobbyChanged', ({ waiting }) => waiting.length === 2)
    await first.ask('room.stopWaiting', { roomId })
    second.close()
    await host.next('room.lobbyChanged', ({ waiting }) => waiting.length === 0)
  })
})

describe('a lock, an invite and a limit', () => {
  test('a lock keeps newcomers out and goes when the room is empty', async () => {
    const server = await startTestServer()
    const { host, guest } = await meeting(server)
    await host.ask('room.changeSettings', { roomId, settings: { locked: true } })
    const late = await member(server, 'late')
    expect(await late.refusal('room.join', { roomId })).toMatchObject({ details: { reason: 'roomLocked' } })
    await host.ask('room.leave', { roomId })
    await guest.ask('room.leave', { roomId })
    expect(await late.ask('room.join', { roomId })).toMatchObject({ settings: { locked: false } })
  })

  test('a page that is loaded anew comes back through the lock', async () => {
    const server = await startTestServer()
    const { host, guest } = await meeting(server)
    await host.ask('room.changeSettings', { roomId, settings: { locked: true } })
    const { deviceId } = guest.socket.auth as { deviceId: string }
    guest.close()
    await expect.poll(() => server.metric('sangam_connections')).toBe(1)
    const again = await server.again(guest.token, { deviceId })
    expect(await again.ask('room.join', { roomId })).toMatchObject({ role: 'speaker' })
  })

  test('an invite gives its role past the lobby, until it is revoked or expires', async () => {
    let nowMs = Date.now()
    const server = await startTestServer({ now: () => nowMs })
    const { host } = await meeting(server)
    await host.ask('room.changeSettings', { roomId, settings: { lobby: true } })
    const made = await host.ask('room.createInvite', { roomId, role: 'cohost', ttlSeconds: 600 })
    const { invite, inviteId } = made
    const helper = await member(server, 'helper')
    expect(await helper.ask('room.join', { roomId, invite })).toMatchObject({ role: 'cohost' })
    const elsewhere = await helper.refusal('room.join', { roomId: 'elsewhere', invite })
    expect(elsewhere).toMatchObject({ details: { reason: 'inviteInvalid' } })
    expect((await host.ask('room.invites', { roomId })).invites).toMatchObject([{ inviteId, role: 'cohost' }])
    await host.ask('room.revokeInvite', { roomId, inviteId })
    const late = await member(server, 'late')
    const refused = (reason: string) => ({ code: 'forbidden', details: { reason } })
    expect(await late.refusal('room.join', { roomId, invite })).toMatchObject(refused('inviteInvalid'))
    const short = await host.ask('room.createInvite', { roomId, ttlSeconds: 60 })
    nowMs += 62_000
    expect(await late.refusal('room.join', { roomId, invite: short.invite })).toMatchObject(
      refused('inviteExpired'),
    )
    const forged = `${short.invite.slice(0, -3)}AAA`
    expect(await late.refusal('room.join', { roomId, invite: forged })).toMatchObject(
      refused('inviteInvalid'),
    )
    // A token is no invite, though the same key signs it.
    expect(await late.refusal('room.join', { roomId, invite: late.token })).toMatchObject(
      refused('inviteInvalid'),
    )
  })

  test('a room of its own size is full for everybody but moderators', async () => {
    const server = await startTestServer()
    const { host } = await meeting(server)
    await host.ask('room.changeSettings', { roomId, settings: { maxParticipants: 2 } })
    const late = await member(server, 'late')
    expect(await late.refusal('room.join', { roomId })).toMatchObject({
      code: 'unavailable',
      details: { reason: 'roomFull' },
    })
    const { invite } = await host.ask('room.createInvite', { roomId, role: 'cohost' })
    expect(await late.ask('room.join', { roomId, invite })).toMatchObject({ role: 'cohost' })
  })

  test('a room ends when its length is over, whose end everybody knows', async () => {
    let nowMs = Date.now()
    const server = await startTestServer({ now: () => nowMs })
    const { host, guest } = await meeting(server)
    const openedAtMs = nowMs
    await host.ask('room.changeSettings', { roomId, settings: { maxMinutes: 3 } })
    expect(await guest.next('room.settingsChanged')).toMatchObject({ endsAt: openedAtMs + 180_000 })
    nowMs += 150_000
    await host.ask('room.changeSettings', { roomId, settings: { maxMinutes: 2 } })
    expect(await guest.next('room.closed')).toEqual({ roomId, reason: 'tooLong' })
    expect(await guest.refusal('room.join', { roomId })).toMatchObject({ details: { reason: 'roomEnded' } })
  })

  test('an unlisted room is in nobody’s list but of those who are in it', async () => {
    const server = await startTestServer()
    const { host, guest } = await meeting(server)
    const other = await member(server, 'other')
    await other.next('room.listed', ({ room }) => room.participants === 2)
    await host.ask('room.changeSettings', { roomId, settings: { listed: false } })
    expect(await other.next('room.unlisted')).toEqual({ roomId })
    expect((await other.ask('room.list', {})).rooms).toEqual([])
    expect((await guest.ask('room.list', {})).rooms).toMatchObject([{ roomId }])
  })

  test('guests see no lists where the server says so', async () => {
    const server = await startTestServer({ guestDirectory: false })
    const [host, visitor] = [await server.guest('Host'), await server.guest('Visitor')]
    await host.ask('room.join', { roomId })
    expect((await visitor.ask('room.list', {})).rooms).toEqual([])
    expect(await visitor.refusal('people.list', {})).toMatchObject({ code: 'forbidden' })
    expect(await visitor.ask('room.join', { roomId })).toMatchObject({ role: 'speaker' })
  })
})
