import { SqliteDatabase } from '../../packages/server/src/chat/sqlite-database.ts'
import { MeasuredServer } from './measured-server.ts'
import { openTeam, quantile } from './measuring.ts'

const batch = 5000
const openings = 1000

/** How long the server takes to open a conversation of many messages at its end, as one client after another asks for it. */
export async function measureOpening(messages: number): Promise<unknown> {
  await using server = await MeasuredServer.start('sangam', { prepare: (path) => fill(path, messages) })
  const [reader] = await server.connect(1)
  if (reader === undefined) throw new Error('there is no reader')
  for (let warmUp = 0; warmUp < 50; warmUp += 1) await openTeam(reader)
  const times: number[] = []
  for (let opening = 0; opening < openings; opening += 1) {
    const beganMs = performance.now()
    await openTeam(reader)
    times.push(performance.now() - beganMs)
  }
  const p99Ms = quantile(times, 0.99)
  console.log(
    `opening a conversation of ${messages} messages: p50 ${quantile(times, 0.5).toFixed(2)} ms, p99 ${p99Ms.toFixed(2)} ms with the way to the client (bound 20)`,
  )
  return { messages, p50Ms: quantile(times, 0.5), p99Ms }
}

function fill(path: string, messages: number): void {
  const database = new SqliteDatabase(path)
  database.transaction(() =>
    database.openConversation({
      conversationId: 'team',
      kind: 'group',
      title: 'Team',
      members: ['asha'],
      nowMs: 1,
    }),
  )
  for (let first = 1; first <= messages; first += batch) {
    const requests = Array.from({ length: Math.min(batch, messages - first + 1) }, (_, index) => ({
      conversationId: 'team',
      clientMessageId: `m${first + index}`,
      senderId: `sender-${index % 50}`,
      senderName: 'Sender',
      text: `message ${first + index} ${'x'.repeat(80)}`,
      sentAtMs: first + index,
    }))
    database.transaction(() => database.appendAll(requests))
  }
  database.close()
}
