import type { PolicyReason, RoomSettings } from '@sangam/protocol'
import { expect, test } from 'vitest'
import { type RoomAction, roomActionNames } from '../src/access/room-policy.ts'
import { connectMedia, publish, publishRequest } from './support/room-media-client.ts'
import type { TestClient } from './support/test-client.ts'
import { startTestServer, type TestServer } from './support/test-server.ts'

// Every action × role × state of the room, through the socket. What is expected stands here in full, apart from the
// code: an action without a row does not compile.

const roles = ['host', 'cohost', 'speaker', 'listener', 'usher', 'silent'] as const
type Role = (typeof roles)[number]

/** What each role is answered: `allowed` or the reason against it, in the order of {@link roles}. */
type Row = readonly [PolicyReason, PolicyReason, PolicyReason, PolicyReason, PolicyReason, PolicyReason]
const may = 'allowed'
const not = 'roleLacksPermission'
const everybody: Row = [may, may, may, may, may, may]
const moderators: Row = [may, may, not, not, may, not]
const same = (reason: PolicyReason): Row => [reason, reason, reason, reason, reason, reason]

/** Inside a room, whatever its state: usher moderates without publishing; silent may nothing but be there. */
const inside: { readonly [Action in RoomAction]: Row } = {
  join: everybody,
  chat: [may, may, may, may, not, not],
  subscribe: [may, may, may, may, may, not],
  publishMicrophone: [may, may, may, not, not, not],
  publishCamera: [may, may, may, not, not, not],
  publishScreen: [may, may, may, not, not, not],
  publishData: [may, may, may, not, not, not],
  react: everybody,
  raiseHand: everybody,
  // A host outranks everybody but hosts, and so may offer it to all of them.
  answerStage: ['notInvited', may, may, may, may, may],
  record: [may, may, not, not, not, not],
  seeLobby: moderators,
  admit: moderators,
  changeSettings: moderators,
  invite: moderators,
  lowerHand: moderators,
  moderateChat: moderators,
  muteAll: moderators,
  unban: moderators,
  mute: moderators,
  stopVideo: moderators,
  inviteToStage: moderators,
  setRole: moderators,
  remove: moderators,
  ban: moderators,
  transferHost: [may, not, not, not, not, not],
  end: [may, not, not, not, not, not],
}

/** Outside: what asks for a place inside is refused as such, unless the token itself forbids it. */
const outside = (join: Row, chat: Row): { readonly [Action in RoomAction]: Row } => ({
  ...(Object.fromEntries(roomActionNames.map((action) => [action, same('notInRoom')])) as {
    readonly [Action in RoomAction]: Row
  }),
  join,
  chat,
})

type State = {
  readonly settings: Partial<RoomSettings>
  readonly ended?: true
  readonly isInside: boolean
  readonly rows: { readonly [Action in RoomAction]: Row }
}

const restricted = (reason: PolicyReason): Row => [may, may, reason, reason, may, reason]
const chatOutside: Row = [may, may, 'notInRoom', 'notInRoom', not, 'notInRoom']

const states: { readonly [name: string]: State } = {
  'an open room, inside': { settings: {}, isInside: true, rows: inside },
  'a locked room, inside': { settings: { locked: true }, isInside: true, rows: inside },
  'a room with a lobby, inside': { settings: { lobby: true }, isInside: true, rows: inside },
  'a full room, inside': { settings: { maxParticipants: 1 }, isInside: true, rows: inside },
  'an open room, outside': {
    settings: {},
    isInside: false,
    rows: outside(everybody, [may, may, may, may, not, not]),
  },
  'a locked room, outside': {
    settings: { locked: true },
    isInside: false,
    rows: outside(restricted('roomLocked'), chatOutside),
  },
  'a room with a lobby, outside': {
    settings: { lobby: true },
    isInside: false,
    rows: outside(restricted('waitInLobby'), chatOutside),
  },
  'a full room, outside': {
    settings: { maxParticipants: 1 },
    isInside: false,
    rows: outside(restricted('roomFull'), [may, may, may, may, not, not]),
  },
  'an ended room': {
    settings: {},
    ended: true,
    isInside: false,
    rows: {
      ...(Object.fromEntries(roomActionNames.map((action) => [action, same('roomEnded')])) as {
        readonly [Action in RoomAction]: Row
      }),
      join: restricted('roomEnded'),
    },
  },
}

const grantsOf = (role: Role) => ({ rooms: { '*': { publish: true, chat: true, role } } })

/** Everybody at one server: one of each role, somebody to act on, and a host who helps. */
type People = {
  readonly server: TestServer
  readonly actors: readonly TestClient[]
  readonly target: TestClient
  readonly helper: TestClient
}

/** One cell: somebody who tries, and somebody else to act on, in a room of their own. */
type Cell = Pick<People, 'server' | 'target'> & {
  readonly roomId: string
  readonly actor: TestClient
  readonly targetId: string
}

/** The event that each action is; `record` has none yet. Gives the error of the answer. */
const attempts: {
  readonly [Action in RoomAction]: ((cell: Cell) => Promise<unknown>) | undefined
} = {
  join: ({ actor, roomId }) => actor.refusal('room.join', { roomId }),
  chat: ({ actor, roomId }) => actor.refusal('conversation.open', { conversationId: `room:${roomId}` }),
  subscribe: undefined,
  publishMicrophone: (cell) => attemptToPublish(cell, 'microphone'),
  publishCamera: (cell) => attemptToPublish(cell, 'camera'),
  publishScreen: (cell) => attemptToPublish(cell, 'screen'),
  publishData: ({ actor, roomId }) =>
    actor.refusal('room.sendMessage', { roomId, topic: 'cursor', payload: '1' }),
  react: ({ actor, roomId }) => actor.refusal('room.react', { roomId, reaction: 'clap' }),
  raiseHand: ({ actor, roomId }) => actor.refusal('room.setHand', { roomId, raised: true }),
  answerStage: ({ actor, roomId }) => actor.refusal('room.answerStage', { roomId, accept: false }),
  record: undefined,
  seeLobby: ({ actor, roomId }) => actor.refusal('room.lobby', { roomId }),
  admit: ({ actor, roomId }) => actor.refusal('room.admitAll', { roomId }),
  changeSettings: ({ actor, roomId }) =>
    actor.refusal('room.changeSettings', { roomId, settings: { mayUnmute: false } }),
  invite: ({ actor, roomId }) => actor.refusal('room.createInvite', { roomId, role: 'listener' }),
  lowerHand: ({ actor, roomId, targetId }) =>
    actor.refusal('room.lowerHand', { roomId, participantId: targetId }),
  moderateChat: async ({ actor, target, roomId }) => {
    const conversationId = `room:${roomId}`
    await target.refusal('conversation.open', { conversationId })
    await target.refusal('conversation.send', { conversationId, clientMessageId: roomId, text: 'notes' })
    return actor.refusal('message.pin', { conversationId, number: 1, clientChangeId: roomId, on: true })
  },
  muteAll: ({ actor, roomId }) => actor.refusal('room.muteAll', { roomId }),
  unban: async ({ server, actor, roomId }) => {
    await server.sangam.rooms.ban(roomId, 'pest')
    return actor.refusal('room.unban', { roomId, identity: 'pest' })
  },
  mute: ({ actor, roomId, targetId }) => actor.refusal('room.mute', { roomId, participantId: targetId }),
  stopVideo: ({ actor, roomId, targetId }) =>
    actor.refusal('room.stopVideo', { roomId, participantId: targetId, source: 'camera' }),
  inviteToStage: ({ actor, roomId, targetId }) =>
    actor.refusal('room.inviteToStage', { roomId, participantId: targetId }),
  setRole: ({ actor, roomId, targetId }) =>
    actor.refusal('room.setRole', { roomId, participantId: targetId, role: 'listener' }),
  remove: ({ actor, roomId, targetId }) => actor.refusal('room.remove', { roomId, participantId: targetId }),
  ban: ({ actor, roomId, target }) => actor.refusal('room.ban', { roomId, identity: target.identity }),
  transferHost: ({ actor, roomId, targetId }) =>
    actor.refusal('room.transferHost', { roomId, participantId: targetId }),
  end: ({ actor, roomId }) => actor.refusal('room.end', { roomId }),
}

const attemptToPublish = async (
  { actor, roomId }: Cell,
  source: 'microphone' | 'camera' | 'screen',
): Promise<unknown> => {
  const media = await connectMedia(actor, roomId).catch(() => undefined)
  return actor.refusal('room.publish', publishRequest(roomId, media ?? 'none', source))
}

/** The reason that an answer gives: `allowed`, or what its details say. */
const reasonOf = (error: unknown): string => {
  if (error === undefined) return 'allowed'
  const { code, details } = error as { code: string; details?: { reason?: string } }
  return details?.reason ?? code
}

/** Answers of one action in one state, by role: what the dry run says, and what the socket does. */
const askAll = async (
  { server, actors, target, helper }: People,
  state: State,
  action: RoomAction,
): Promise<{ explained: string[]; heard: string[] }> => {
  const explained: string[] = []
  const heard: string[] = []
  for (const [index, role] of roles.entries()) {
    const actor = actors[index]!
    const roomId = `${action}-${role}`
    const customRoles = { usher: { moderate: true }, silent: { subscribe: false } }
    await server.sangam.rooms.create(roomId, { settings: { standIn: false }, roles: customRoles })
    const { participantId: targetId } = await target.ask('room.join', { roomId })
    await helper.ask('room.join', { roomId })
    const place = state.isInside ? await actor.ask('room.join', { roomId }) : undefined
    await server.sangam.rooms.create(roomId, { settings: state.settings, roles: customRoles })
    if (state.ended) await server.sangam.rooms.end(roomId)
    if (action === 'answerStage' && place !== undefined) {
      await helper.refusal('room.inviteToStage', { roomId, participantId: place.participantId })
    }
    const where = { roomId, target: 'target', role: 'listener' }
    const { code } = await server.sangam.policy.explain({ identity: actor.identity }, action, where)
    explained.push(code)
    const attempt = attempts[action]
    heard.push(
      attempt === undefined ? code : reasonOf(await attempt({ server, roomId, actor, target, targetId })),
    )
  }
  return { explained, heard }
}

/** What the socket answers where the policy says this: outside there is no participant to ask the policy about. */
const wireRow = (state: State, action: RoomAction): Row => {
  const row = state.rows[action]
  if (state.isInside || attempts[action] === undefined) return row
  if (action.startsWith('publish') && action !== 'publishData') return same('notFound' as PolicyReason)
  return ['join', 'chat', 'moderateChat'].includes(action) ? row : same('notInRoom')
}

test.each(Object.entries(states))(
  'in %s every action is allowed to the roles of the table and refused to the others',
  async (_name, state) => {
    const server = await startTestServer({ rateLimitFactor: 10_000 })
    const actors = await Promise.all(
      roles.map((role) => server.member({ identity: `${role}-1`, name: role, ...grantsOf(role) })),
    )
    const target = await server.member({ identity: 'target', name: 'Target', ...grantsOf('speaker') })
    const helper = await server.member({ identity: 'helper', name: 'Helper', ...grantsOf('host') })
    for (const action of roomActionNames) {
      const answers = await askAll({ server, actors, target, helper }, state, action)
      expect({ action, roles, ...answers }).toEqual({
        action,
        roles,
        explained: state.rows[action],
        heard: wireRow(state, action),
      })
    }
  },
  120_000,
)

test('a role that may not subscribe is sent no stream; one that may is', async () => {
  const server = await startTestServer()
  const roomId = 'concert'
  await server.sangam.rooms.create(roomId, { roles: { silent: { subscribe: false } } })
  const [singer, deaf, listener] = await Promise.all(
    (['host', 'silent', 'listener'] as const).map((role) =>
      server.member({ identity: `${role}-1`, name: role, ...grantsOf(role) }),
    ),
  )
  for (const client of [singer, deaf, listener]) await client!.ask('room.join', { roomId })
  await connectMedia(deaf!, roomId)
  await connectMedia(listener!, roomId)
  const producerId = await publish(singer!, roomId, await connectMedia(singer!, roomId), 'microphone')
  const { consumers } = await listener!.next('room.consumersAdded')
  expect(consumers.map((consumer) => consumer.producerId)).toEqual([producerId])
  expect(await deaf!.received('room.consumersAdded')).toEqual([])
})
