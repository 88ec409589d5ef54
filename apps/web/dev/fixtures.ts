import type {
  Call,
  CallSnapshot,
  ChatMessage,
  Conversation,
  ConversationMember,
  ConversationSnapshot,
  ConversationSummary,
  MediaStats,
  Participant,
  Person,
  Room,
  RoomSnapshot,
  Session,
  Store,
  Track,
  TrackSnapshot,
} from '@sangam/client'

/** A store whose value the story sets. */
export class StoryStore<T> implements Store<T> {
  #value: T
  readonly #listeners = new Set<() => void>()
  constructor(value: T) {
    this.#value = value
  }
  readonly get = (): T => this.#value
  set(value: T): void {
    this.#value = value
    for (const listener of this.#listeners) listener()
  }
  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }
}

const silent = { on: () => () => {}, once: () => () => {} }
const done = () => Promise.resolve()

export const PEOPLE: readonly Person[] = [
  { identity: 'me', name: 'Asha Raman', presence: 'online', self: true },
  { identity: 'ravi', name: 'Ravi Menon', presence: 'online', self: false },
  { identity: 'lena', name: 'Lena Fischer', presence: 'inCall', self: false },
  { identity: 'tom', name: 'Tom Okafor', presence: 'away', self: false },
  { identity: 'mei', name: '陈美', presence: 'online', self: false },
  { identity: 'jo', name: 'Jo', presence: 'offline', self: false },
  {
    identity: 'long',
    name: 'Maximiliane Hohenstein-Wolkenburg von Altenfeld',
    presence: 'offline',
    self: false,
  },
]

const NOW = Date.now()
const MINUTE = 60_000

const LINES: readonly (readonly [who: string, minutesAgo: number, text: string])[] = [
  ['ravi', 1700, 'Did the new build go out?'],
  ['me', 1698, 'Last night. Nobody noticed, which is the best review.'],
  ['ravi', 1697, 'Ha. Then let us keep it that way.'],
  ['lena', 190, 'Morning! I moved the review to three, Tom can only do the afternoon.'],
  [
    'lena',
    189,
    'And the notes are in the usual place:\n1. what we measured\n2. what we change\n3. what we leave alone',
  ],
  ['me', 120, 'Three is fine.'],
  ['tom', 65, 'Thanks both 🙏'],
  [
    'tom',
    64,
    'By the way, this is the address that did not wrap: https://example.org/averyverylongpathwithoutanybreaks/thatgoesonandonandon/anditneverstops?andthequery=too',
  ],
  ['ravi', 12, 'I can see it wrapping now.'],
  ['me', 3, 'So can I. Shall we talk about the rest in the room?'],
]

function message(number: number, senderId: string, minutesAgo: number, text: string): ChatMessage {
  return {
    key: `m${number}`,
    conversationId: 'team',
    number,
    clientMessageId: `c${number}`,
    senderId,
    senderName: PEOPLE.find((person) => person.identity === senderId)?.name ?? senderId,
    text,
    sentAt: NOW - minutesAgo * MINUTE,
    own: senderId === 'me',
    state: 'sent',
  }
}

function messagesOf(kind: 'direct' | 'group'): readonly ChatMessage[] {
  const lines = kind === 'group' ? LINES : LINES.filter(([who]) => who === 'me' || who === 'ravi')
  const sent = lines.map(([who, ago, text], index) => message(index + 1, who, ago, text))
  const { number: _sending, ...sending } = message(90, 'me', 0, 'On my way.')
  const { number: _failed, ...failed } = message(91, 'me', 0, 'This one the server refused.')
  return kind === 'group' ? [...sent, { ...failed, state: 'failed' }, { ...sending, state: 'sending' }] : sent
}

const memberOf = ({ identity, name }: Person, index: number): ConversationMember => ({
  identity,
  name,
  role: index === 0 ? 'owner' : 'member',
})

const LISTED = { access: 'open', mentioned: 0, mutedUntil: 0, archived: false, pinned: false } as const

export function storyConversation(conversationId: string): Conversation {
  const kind = conversationId === 'team' || conversationId.startsWith('room:') ? 'group' : 'direct'
  const messages = conversationId === 'empty' ? [] : messagesOf(kind)
  const state = new StoryStore<ConversationSnapshot>({
    conversationId,
    kind,
    access: kind === 'group' ? 'open' : 'members',
    title: kind === 'group' ? 'Team' : 'Ravi Menon',
    members: (kind === 'group' ? PEOPLE : PEOPLE.slice(0, 2)).map(memberOf),
    messages,
    hasEarlier: false,
    lastNumber: messages.length,
    read: new Map([['ravi', 100]]),
    delivered: new Map([['ravi', 100]]),
    unread: 0,
    mentioned: 0,
    typing: [],
    pinned: [],
    caughtUp: true,
  })
  let number = 100
  return {
    ...silent,
    conversationId,
    state,
    send: (text: string) => {
      number += 1
      const sent = message(number, 'me', 0, text)
      state.set({ ...state.get(), messages: [...state.get().messages, sent], lastNumber: number })
      return Promise.resolve(sent)
    },
    retry: () => Promise.reject(new Error('story')),
    discard: done,
    loadEarlier: () => Promise.resolve(false),
    markRead: done,
  } as unknown as Conversation
}

const CONVERSATIONS: readonly ConversationSummary[] = [
  {
    ...LISTED,
    conversationId: 'team',
    kind: 'group',
    title: 'Team',
    members: PEOPLE.map(memberOf),
    lastMessage: message(10, 'ravi', 3, 'So can I. Shall we talk about the rest in the room?'),
    unread: 3,
  },
  {
    ...LISTED,
    conversationId: 'direct:ravi',
    kind: 'direct',
    title: 'Ravi Menon',
    members: PEOPLE.slice(0, 2).map(memberOf),
    lastMessage: message(4, 'me', 40, 'See you at three.'),
    unread: 0,
  },
  {
    ...LISTED,
    conversationId: 'direct:lena',
    kind: 'direct',
    title: 'Lena Fischer',
    members: [PEOPLE[0], PEOPLE[2]].flatMap((person) => person ?? []).map(memberOf),
    lastMessage: message(
      2,
      'lena',
      1600,
      'The figures are in, and they are better than we thought they would be.',
    ),
    unread: 0,
  },
] as readonly ConversationSummary[]

/** A moving picture without a camera. */
export function paintedStream(seed: number, width = 640, height = 360): MediaStream {
  const canvas = document.createElement('canvas')
  canvas.width = width
  canvas.height = height
  const context = canvas.getContext('2d')
  const paint = (frame: number) => {
    if (context === null) return
    const hue = (seed * 67) % 360
    const gradient = context.createLinearGradient(0, 0, width, height)
    gradient.addColorStop(0, `oklch(0.45 0.06 ${hue})`)
    gradient.addColorStop(1, `oklch(0.28 0.04 ${(hue + 50) % 360})`)
    context.fillStyle = gradient
    context.fillRect(0, 0, width, height)
    context.fillStyle = `oklch(0.75 0.06 ${hue})`
    context.beginPath()
    context.ellipse(width / 2, height * 1.05, width * 0.24, height * 0.42, 0, 0, 7)
    context.arc(width / 2 + Math.sin(frame / 20) * 4, height * 0.42, height * 0.2, 0, 7)
    context.fill()
    setTimeout(() => paint(frame + 1), 100)
  }
  paint(seed * 10)
  return canvas.captureStream(10)
}

function stats(uploadBps: number, downloadBps: number, streams: number): StoryStore<MediaStats> {
  const base = { rttMs: 24, uploadedStreams: 2, downloadedStreams: streams, tracks: [] }
  const store = new StoryStore<MediaStats>({ ...base, uploadBps, downloadBps })
  let turn = 0
  setInterval(() => {
    turn += 1
    const wave = 1 + 0.2 * Math.sin(turn / 3)
    store.set({ ...base, uploadBps: uploadBps * wave, downloadBps: downloadBps * (2 - wave) })
  }, 100)
  return store
}

export function storyCall(state: CallSnapshot['state'], options: { video: boolean }): Call {
  const snapshot: CallSnapshot = {
    state,
    callId: `call-${state}`,
    direction: state === 'incoming' ? 'incoming' : 'outgoing',
    peer: { identity: 'ravi', name: 'Ravi Menon' },
    media: { audio: true, video: options.video },
    microphoneEnabled: true,
    cameraEnabled: options.video,
    remoteVideo: options.video && state === 'connected',
    remoteAudio: true,
    mediaErrors: [],
    ...(options.video ? { localStream: paintedStream(1), remoteStream: paintedStream(4, 1280, 720) } : {}),
    ...(state === 'connected' ? { connectedAt: NOW - 151_000 } : {}),
  } as CallSnapshot
  const store = new StoryStore(snapshot)
  return {
    ...silent,
    state: store,
    stats: stats(820_000, 1_350_000, 2),
    accept: done,
    reject: done,
    hangUp: done,
    setMicrophoneEnabled: (enabled) =>
      Promise.resolve(store.set({ ...store.get(), microphoneEnabled: enabled })),
    setCameraEnabled: (enabled) => Promise.resolve(store.set({ ...store.get(), cameraEnabled: enabled })),
    connectionInfo: () => Promise.resolve({ path: 'direct', description: 'Direct' }),
  } as Call
}

/** Some pictures are held back. */
const WEAK_NETWORK = new URLSearchParams(location.search).has('weak')

function storyTrack(participantId: string, source: Track['source'], seed: number, local: boolean): Track {
  const wide = source === 'screen'
  const kind = source === 'microphone' ? 'audio' : 'video'
  const stream =
    kind === 'video' ? paintedStream(seed, wide ? 1280 : 640, wide ? 720 : 360) : new MediaStream()
  const [mediaStreamTrack] = stream.getTracks()
  const state = new StoryStore<TrackSnapshot>({
    muted: false,
    ended: false,
    audioLevel: 0,
    ...(mediaStreamTrack === undefined ? {} : { mediaStreamTrack }),
    ...(WEAK_NETWORK && !local && seed % 3 === 0
      ? { delivery: { forwarded: false, reason: seed % 2 === 0 ? 'lastN' : 'distress' } as const }
      : {}),
  })
  return {
    ...silent,
    trackId: `${participantId}-${source}`,
    participantId,
    kind,
    source,
    local,
    state,
    attach: (element?: HTMLMediaElement) => {
      const target = element ?? document.createElement(kind)
      target.srcObject = stream
      return target
    },
    detach: () => [],
  } as Track
}

const storyModeration = {
  ...(Object.fromEntries(
    ['admit', 'admitAll', 'refuse', 'mute', 'muteAll', 'changeSettings', 'end', 'revokeInvite'].map(
      (name) => [name, done],
    ),
  ) as Record<string, () => Promise<void>>),
  createInvite: () =>
    Promise.resolve({
      inviteId: 'i1',
      role: 'speaker',
      createdBy: 'me',
      expiresAt: NOW + 1440 * MINUTE,
      invite: 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJzdGFuZHVwIn0.c2lnbmF0dXJl',
    }),
  invites: () =>
    Promise.resolve([{ inviteId: 'i0', role: 'listener', createdBy: 'me', expiresAt: NOW + 200 * MINUTE }]),
  bans: () => Promise.resolve([{ identity: 'pest', name: 'A. Pest', since: NOW - 90 * MINUTE }]),
}

export function storyRoom(count: number, screen: boolean): Room {
  const participants: readonly Participant[] = Array.from({ length: count }, (_, index) => {
    const person = PEOPLE[index % PEOPLE.length]
    const camera = index % 4 !== 3
    const participantId = `p${index}`
    return {
      participantId,
      identity: `${person?.identity}${index}`,
      name: person?.name ?? 'Somebody',
      local: index === 0,
      tracks: [
        ...(camera ? [storyTrack(participantId, 'camera', index + 1, index === 0)] : []),
        ...(screen && index === 1 ? [storyTrack(participantId, 'screen', 9, false)] : []),
      ],
      microphoneEnabled: index % 3 !== 2,
      cameraEnabled: camera,
      screenShareEnabled: screen && index === 1,
      speaking: index === 1,
      role: (['host', 'speaker', 'cohost'] as const)[index] ?? 'listener',
      handRaisedAt: index === 3 ? NOW - MINUTE : undefined,
    } as Participant
  })
  const snapshot: RoomSnapshot = {
    roomId: 'standup',
    name: 'Standup',
    state: 'joined',
    topology: 'sfu',
    topologyReason: '',
    participants,
    activeSpeakers: ['p1'],
    playbackBlocked: false,
    role: 'host',
    permissions: ['microphone', 'camera', 'screen', 'data', 'subscribe', 'chat', 'moderate', 'record'],
    settings: {
      listed: true,
      lobby: true,
      locked: false,
      newcomerRole: 'speaker',
      mayUnmute: true,
      standIn: true,
      maxParticipants: null,
      maxMinutes: 60,
    },
    endsAt: NOW + 4 * MINUTE,
    waiting: [
      { identity: 'tom', name: 'Tom Okafor', since: NOW - MINUTE },
      { identity: 'mei', name: '陈美', since: NOW },
    ],
    stageInvitation: undefined,
    mutedBy: undefined,
  } satisfies RoomSnapshot
  return {
    ...silent,
    roomId: 'standup',
    participantId: 'p0',
    state: new StoryStore(snapshot),
    participants: new StoryStore(participants),
    stats: stats(1_240_000, 1_100_000 * Math.max(0, count - 1), count),
    setMicrophoneEnabled: done,
    setCameraEnabled: done,
    setScreenShareEnabled: done,
    setReceiving: () => undefined,
    resumePlayback: done,
    leave: done,
    setHandRaised: done,
    answerStage: done,
    react: done,
    moderation: storyModeration,
  } as unknown as Room
}

export interface StoryOptions {
  readonly call: Call | undefined
  readonly connection: string
  readonly empty: boolean
  readonly people: number
  readonly screen: boolean
}

export function storySession(options: StoryOptions): Session {
  const conversations = new Map<string, Conversation>()
  const open = (id: string) => {
    const known = conversations.get(id) ?? storyConversation(id)
    conversations.set(id, known)
    return Promise.resolve(known)
  }
  return {
    ...silent,
    identity: 'me',
    name: 'Asha Raman',
    connection: new StoryStore({ state: options.connection, attempt: 1 }),
    people: new StoryStore(options.empty ? PEOPLE.slice(0, 1) : PEOPLE),
    conversationList: new StoryStore(options.empty ? [] : CONVERSATIONS),
    rooms: new StoryStore(
      options.empty
        ? []
        : [
            { roomId: 'standup', name: 'Standup', participants: 3 },
            { roomId: 'coffee', name: 'Coffee corner', participants: 1 },
          ],
    ),
    calls: new StoryStore(options.call === undefined ? [] : [options.call]),
    conversation: (target: string | { with: string }) =>
      open(typeof target === 'string' ? target : `direct:${target.with}`),
    conversations: () => Promise.resolve(CONVERSATIONS),
    call: () => Promise.resolve(storyCall('outgoing', { video: true })),
    join: () => Promise.resolve(storyRoom(options.people, options.screen)),
    setStatus: done,
    close: done,
  } as unknown as Session
}
