import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, describe, expect, test } from 'vitest'
import { findPostgresBinaries, PostgresServer } from '../../packages/server/test/support/postgres-server.ts'
import { mountSmallDisk } from './full-disk.ts'
import { planRounds } from './plan.ts'
import { randomOf } from './random.ts'
import { runChecker } from './run.ts'

const nothing = { lost: 0, doubled: 0, reordered: 0, invented: 0 }
const binaries = findPostgresBinaries()

const diskBytes = 24 * 1024 * 1024
const disk = mountSmallDisk(diskBytes)
afterAll(() => disk?.remove())

describe('chat under kills', () => {
  test('a plan is the same for the same seed', () => {
    const plan = (seed: number) =>
      planRounds({ random: randomOf(seed), kills: 20, appendsPerKill: 100, hasFiles: true })
    expect(plan(3)).toEqual(plan(3))
    expect(plan(3)).not.toEqual(plan(4))
  })

  test('SQLite: kills, torn and unsynced writes, lost connections, reloaded pages and clock jumps lose, double, reorder and invent nothing', async () => {
    const { verdict, kills, files, refreshes } = await runChecker({ seed: 11, messages: 2000, kills: 6 })
    expect(verdict).toMatchObject({ counts: nothing, examples: [], acknowledged: 2000, stored: 2000 })
    expect(kills).toBe(6)
    expect(files.torn + files.unsynced).toBe(4)
    expect(refreshes).toBeGreaterThan(0)
  }, 120_000)

  test('connections cut after their first frame, their second, … up to the 60th lose, double, reorder and invent nothing', async () => {
    const { verdict, frameCuts } = await runChecker({
      seed: 14,
      messages: 2400,
      kills: 0,
      conversations: 2,
      frameCuts: 60,
    })
    expect(verdict).toMatchObject({ counts: nothing, examples: [], acknowledged: 2400, stored: 2400 })
    expect(frameCuts).toBe(60)
  }, 120_000)

  test('a server that acknowledges before it stores is caught', async () => {
    const { verdict } = await runChecker({ seed: 5, messages: 600, kills: 2, acknowledgeEarly: true })
    expect(verdict.counts.lost).toBeGreaterThan(0)
  }, 120_000)

  test.skipIf(binaries === undefined)(
    'PostgreSQL (skipped where no server is installed): the same kills',
    async () => {
      const postgres = await PostgresServer.start(binaries ?? '')
      try {
        const databaseUrl = await postgres.createDatabase()
        const { verdict } = await runChecker({ seed: 12, messages: 1200, kills: 3, databaseUrl })
        expect(verdict).toMatchObject({ counts: nothing, examples: [], acknowledged: 1200, stored: 1200 })
      } finally {
        await postgres.stop()
      }
    },
    120_000,
  )

  test.skipIf(disk === undefined)(
    'a full disk (skipped where no small disk can be mounted): messages are refused, and all goes on once there is room',
    async () => {
      const ballast = join(disk?.path ?? '', 'ballast')
      const { verdict, refusals } = await runChecker({
        seed: 13,
        messages: 1000,
        kills: 0,
        conversations: 2,
        paddingBytes: 1000,
        dataDir: join(disk?.path ?? '', 'data'),
        meanwhile: async ({ refusals: refusedSoFar }) => {
          // Leaves the database less room than its messages need.
          writeFileSync(ballast, Buffer.alloc(diskBytes - 1024 * 1024))
          while (refusedSoFar() < 20) await wait(20)
          rmSync(ballast)
        },
      })
      expect(verdict).toMatchObject({ counts: nothing, examples: [], acknowledged: 1000, stored: 1000 })
      expect(refusals).toBeGreaterThanOrEqual(20)
    },
    120_000,
  )
})
