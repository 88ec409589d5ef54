import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect, type Knock, policyReasonOf, type Room, type Session, type Store } from '@sangam/client'
import { afterEach, beforeEach, expect, test } from 'vitest'

let dataDir: string
let child: ChildProcess | undefined
const sessions: Session[] = []

beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'sangam-restart-'))
})

afterEach(async () => {
  await Promise.all(sessions.splice(0).map((session) => session.close()))
  child?.kill('SIGKILL')
  rmSync(dataDir, { recursive: true, force: true })
})

const startProcess = async (port: number): Promise<string> => {
  const file = new URL('../packages/server/test/support/room-process.ts', import.meta.url)
  child = fork(file, [dataDir, String(port)], { execArgv: [] })
  const [{ url }] = (await once(child, 'message')) as [{ url: string }]
  return url
}

const killAndRestart = async (url: string): Promise<void> => {
  const exited = child && once(child, 'exit')
  child?.kill('SIGKILL')
  await exited
  await startProcess(Number(new URL(url).port))
}

const enter = async (url: string, name: string): Promise<Session> => {
  const session = await connect(url, { guest: { name, storage: null } })
  sessions.push(session)
  return session
}

/** Resolves once a store's value passes, now or later. */
const reaches = <Value>(store: Store<Value>, passes: (value: Value) => boolean): Promise<void> =>
  new Promise((resolve) => {
    const stop = store.subscribe(() => check())
    const check = (): void => {
      if (!passes(store.get())) return
      stop()
      resolve()
    }
    check()
  })

/** What stays the same over a restart. */
const standing = (room: Room) => {
  const { role, settings, participants } = room.state.get()
  return {
    participantId: room.participantId,
    role,
    settings,
    others: participants.map((one) => [one.participantId, one.name, one.role, one.handRaisedAt]).sort(),
  }
}

test('a server that is killed finds its rooms again: same people, roles, hands, settings, bans and lobby, by themselves', async () => {
  const url = await startProcess(0)
  const [asha, ravi, mei, eve] = await Promise.all(
    ['Asha', 'Ravi', 'Mei', 'Eve'].map((name) => enter(url, name)),
  )
  if (!asha || !ravi || !mei || !eve) throw new Error('nobody came')
  const [host, helper] = [await asha.join('council', { name: 'Council' }), await ravi.join('council')]
  await host.moderation.setRole(helper.participantId, 'cohost')
  await helper.setHandRaised(true)
  await host.moderation.ban(eve.identity)
  await host.moderation.changeSettings({ lobby: true, maxMinutes: 600 })
  const knock: Knock = await mei.knock('council')
  expect(knock.state.get()).toMatchObject({ state: 'waiting', name: 'Council', position: 1 })
  await reaches(host.state, ({ waiting }) => waiting.length === 1)
  await reaches(helper.state, ({ role, settings }) => role === 'cohost' && settings.lobby)
  await reaches(host.state, ({ participants }) => participants.some((one) => one.handRaisedAt !== undefined))
  const before = [standing(host), standing(helper)]

  const rooms = [host, helper]
  const back = rooms.map(async (room) => {
    await reaches(room.state, ({ state }) => state === 'reconnecting')
    await reaches(room.state, ({ state }) => state === 'joined')
  })
  await killAndRestart(url)
  await Promise.all(back)
  expect([standing(host), standing(helper)]).toEqual(before)

  // Whoever waited still does, and comes in.
  await reaches(host.state, ({ waiting }) => waiting.some(({ identity }) => identity === mei.identity))
  await host.moderation.admit(mei.identity)
  await reaches(knock.state, ({ state }) => state === 'open')
  expect((await mei.join('council')).state.get().role).toBe('speaker')
  const refusal = await eve.join('council').catch(policyReasonOf)
  expect(refusal).toBe('banned')
}, 60_000)
