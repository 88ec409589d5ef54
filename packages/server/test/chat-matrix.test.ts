import {
  type ClientEventName,
  conversationRequests,
  membershipRequests,
  messageRequests,
} from '@sangam/protocol'
import { beforeEach, describe, expect, test } from 'vitest'
import { directConversationId } from '../src/chat/direct-conversation.ts'
import type { TestClient } from './support/test-client.ts'
import { startTestServer } from './support/test-server.ts'

type Place = 'direct' | 'room' | 'open' | 'members'
type Standing = 'outsider' | 'member' | 'moderator' | 'owner'
type Event =
  | keyof typeof conversationRequests
  | keyof typeof messageRequests
  | keyof typeof membershipRequests

/** What a request may name. */
type Scene = {
  readonly conversationId: string
  /** A message of the actor's own, where they may write, and one of somebody else. */
  readonly own: number
  readonly others: number
  /** A plain member besides the actor. */
  readonly victim: string
}

type Row = {
  readonly event: Event
  readonly what?: string
  /** The least standing that may, by place. */
  readonly least: { readonly [Where in Place]: Standing | 'nobody' }
  readonly request: (scene: Scene) => object
}

const reading = { direct: 'member', room: 'outsider', open: 'outsider', members: 'member' } as const
const moderating = { direct: 'nobody', room: 'nobody', open: 'moderator', members: 'moderator' } as const
const nobody = { direct: 'nobody', room: 'nobody', open: 'nobody', members: 'nobody' } as const
const anybody = { direct: 'outsider', room: 'outsider', open: 'outsider', members: 'outsider' } as const

let ids = 0
const freshId = (): string => {
  ids += 1
  return `id${ids}`
}
const at = (number: number, conversationId: string) => ({ conversationId, number, clientChangeId: freshId() })
const just = ({ conversationId }: Scene) => ({ conversationId })

/** Who may do what: a row for each event at least, several where it depends on what it is done to. */
const rows: readonly Row[] = [
  { event: 'conversation.open', least: reading, request: just },
  { event: 'conversation.list', least: anybody, request: () => ({}) },
  { event: 'conversation.history', least: reading, request: just },
  { event: 'conversation.changes', least: reading, request: (s) => ({ ...just(s), revision: 0 }) },
  { event: 'conversation.pinned', least: reading, request: just },
  { event: 'conversation.search', least: reading, request: (s) => ({ ...just(s), query: 'text' }) },
  { event: 'conversation.search', what: 'everywhere', least: anybody, request: () => ({ query: 'text' }) },
  {
    event: 'conversation.send',
    least: reading,
    request: (s) => ({ ...just(s), clientMessageId: freshId(), text: 'x' }),
  },
  { event: 'conversation.read', least: reading, request: (s) => ({ ...just(s), number: 1 }) },
  { event: 'conversation.delivered', least: reading, request: (s) => ({ ...just(s), number: 1 }) },
  {
    event: 'message.edit',
    what: 'an own one',
    least: reading,
    request: (s) => ({ ...at(s.own, s.conversationId), text: 'new' }),
  },
  {
    event: 'message.edit',
    what: 'another’s',
    least: nobody,
    request: (s) => ({ ...at(s.others, s.conversationId), text: 'new' }),
  },
  {
    event: 'message.delete',
    what: 'an own one',
    least: reading,
    request: (s) => at(s.own, s.conversationId),
  },
  {
    event: 'message.delete',
    what: 'another’s',
    least: moderating,
    request: (s) => at(s.others, s.conversationId),
  },
  {
    event: 'message.react',
    least: reading,
    request: (s) => ({ ...at(s.others, s.conversationId), emoji: '👍', on: true }),
  },
  {
    event: 'message.pin',
    least: { ...moderating, direct: 'member' },
    request: (s) => ({ ...at(s.others, s.conversationId), on: true }),
  },
  {
    event: 'message.versions',
    least: reading,
    request: (s) => ({ conversationId: s.conversationId, number: s.others }),
  },
  {
    event: 'message.preview',
    least: reading,
    request: (s) => ({ ...just(s), url: 'http://127.0.0.1/' }),
  },
  {
    event: 'conversation.create',
    least: anybody,
    request: () => ({ clientConversationId: freshId(), title: 'T', members: [] }),
  },
  { event: 'conversation.rename', least: moderating, request: (s) => ({ ...just(s), title: freshId() }) },
  {
    event: 'conversation.invite',
    least: moderating,
    request: (s) => ({ ...just(s), identities: ['guest'] }),
  },
  {
    event: 'conversation.remove',
    what: 'a member',
    least: moderating,
    request: (s) => ({ ...just(s), identity: s.victim }),
  },
  {
    event: 'conversation.remove',
    what: 'the owner',
    least: nobody,
    request: (s) => ({ ...just(s), identity: 'owner' }),
  },
  {
    event: 'conversation.leave',
    least: { direct: 'nobody', room: 'nobody', open: 'member', members: 'member' },
    request: just,
  },
  {
    event: 'conversation.setRole',
    least: { direct: 'nobody', room: 'nobody', open: 'owner', members: 'owner' },
    request: (s) => ({ ...just(s), identity: s.victim, role: 'moderator' }),
  },
  {
    event: 'conversation.setPreferences',
    least: { direct: 'member', room: 'nobody', open: 'member', members: 'member' },
    request: (s) => ({ ...just(s), pinned: true }),
  },
  { event: 'conversation.typing', least: reading, request: (s) => ({ ...just(s), typing: true }) },
]

const rank = { outsider: 0, member: 1, moderator: 2, owner: 3, nobody: 4 }
const standings: { readonly [Where in Place]: readonly Standing[] } = {
  direct: ['member', 'outsider'],
  room: ['outsider'],
  open: ['owner', 'moderator', 'member', 'outsider'],
  members: ['owner', 'moderator', 'member', 'outsider'],
}

describe('who may do what in a conversation', () => {
  let people: { readonly [Name in Standing | 'peer' | 'victim' | 'guest']: TestClient }
  const grants = {
    direct: true,
    rooms: { '*': { chat: true } },
    conversations: { '*': { read: true, write: true } },
  }

  beforeEach(async () => {
    const server = await startTestServer({ linkPreviews: true })
    const join = (identity: string) => server.member({ identity, name: identity, ...grants })
    people = {
      owner: await join('owner'),
      moderator: await join('moderator'),
      member: await join('member'),
      outsider: await join('outsider'),
      peer: await join('peer'),
      victim: await join('victim'),
      guest: await join('guest'),
    }
  })

  const send = async (who: TestClient, conversationId: string): Promise<number> =>
    (await who.ask('conversation.send', { conversationId, clientMessageId: freshId(), text: 'text' })).number

  const group = async (place: 'open' | 'members'): Promise<string> => {
    const { owner, moderator, member, victim } = people
    let conversationId = `open-${freshId()}`
    if (place === 'open') {
      for (const one of [owner, moderator, member, victim])
        await one.ask('conversation.open', { conversationId })
    } else {
      const members = ['moderator', 'member', 'victim']
      const created = await owner.ask('conversation.create', {
        clientConversationId: freshId(),
        title: 'T',
        members,
      })
      conversationId = created.conversation.conversationId
    }
    await owner.ask('conversation.setRole', { conversationId, identity: 'moderator', role: 'moderator' })
    return conversationId
  }

  const sceneOf = async (place: Place, standing: Standing): Promise<Scene> => {
    const { member, peer, victim } = people
    const actor = people[standing]
    let conversationId = `room:r${freshId()}`
    let other = victim
    if (place === 'direct') {
      conversationId = directConversationId('member', 'peer')
      await member.ask('conversation.open', { withIdentity: 'peer' })
      other = peer
    } else if (place === 'room') await victim.ask('conversation.open', { conversationId })
    else conversationId = await group(place)
    const others = await send(other, conversationId)
    const mayWrite = rank[standing] >= rank[reading[place]]
    const own = mayWrite ? await send(actor, conversationId) : others
    return { conversationId, own, others, victim: 'victim' }
  }

  /** What anybody could see of it, by somebody who is in it. */
  const stateOf = async (place: Place, { conversationId }: Scene) => {
    const witness = place === 'direct' ? people.peer : people.victim
    const { conversation, messages, revision } = await witness.ask('conversation.open', { conversationId })
    return { conversation, messages, revision }
  }

  test('every event has a row', () => {
    const events = Object.keys({ ...conversationRequests, ...messageRequests, ...membershipRequests })
    expect([...new Set<string>(rows.map(({ event }) => event))].sort()).toEqual(events.sort())
  })

  test.each(rows)(
    '$event ($what) is for those whom the table names, and changes nothing for others',
    async (row) => {
      const outcomes: string[] = []
      const expected: string[] = []
      for (const place of Object.keys(standings) as Place[]) {
        for (const standing of standings[place]) {
          const scene = await sceneOf(place, standing)
          const before = await stateOf(place, scene)
          const error = await people[standing].refusal(
            row.event satisfies ClientEventName,
            row.request(scene),
          )
          const may = rank[standing] >= rank[row.least[place]]
          const isVisible = rank[standing] >= rank[reading[place]]
          outcomes.push(`${place} ${standing}: ${error?.code ?? 'ok'}`)
          expected.push(`${place} ${standing}: ${may ? 'ok' : isVisible ? 'forbidden' : 'notFound'}`)
          if (!may) expect(await stateOf(place, scene)).toEqual(before)
        }
      }
      expect(outcomes).toEqual(expected)
    },
  )
})
