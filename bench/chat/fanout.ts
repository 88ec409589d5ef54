import type { Socket } from 'socket.io-client'
import { MeasuredServer } from './measured-server.ts'
import { type Kind, kinds, median, openTeam, send } from './measuring.ts'

const fanoutMessages = 200
const fanoutWindow = 4

interface FanoutRun {
  readonly deliveries: number
  readonly deliveriesPerCpuSecond: number
}

/** One sender, many members who have the conversation open; ends when everybody was told everything. */
async function measureFanout(
  server: MeasuredServer,
  sender: Socket,
  members: readonly Socket[],
): Promise<FanoutRun> {
  let deliveries = 0
  const expected = fanoutMessages * members.length
  const { promise: complete, resolve } = Promise.withResolvers<void>()
  const onMessage = (): void => {
    deliveries += 1
    if (deliveries === expected) resolve()
  }
  for (const member of members) member.on('conversation.message', onMessage)
  const cpuBefore = await server.cpuSeconds()
  let left = fanoutMessages
  const work = async (): Promise<void> => {
    while (left > 0) {
      left -= 1
      await send(sender)
    }
  }
  await Promise.all(Array.from({ length: fanoutWindow }, work))
  await complete
  const cpu = (await server.cpuSeconds()) - cpuBefore
  for (const member of members) member.off('conversation.message', onMessage)
  return { deliveries, deliveriesPerCpuSecond: deliveries / cpu }
}

/** Deliveries per CPU-second of the server from one sender to many members. */
export async function compareFanout(count: number, rounds: number): Promise<unknown> {
  const runs: Record<Kind, FanoutRun[]> = { bare: [], sangam: [] }
  for (const kind of kinds) {
    await using server = await MeasuredServer.start(kind)
    const members = await server.connect(count)
    for (const member of members) await openTeam(member)
    const [sender] = await server.connect(1)
    if (sender === undefined) throw new Error('there is no sender')
    await measureFanout(server, sender, members)
    for (let round = 0; round < rounds; round += 1)
      runs[kind].push(await measureFanout(server, sender, members))
  }
  const rate = (kind: Kind): number =>
    median(runs[kind].map(({ deliveriesPerCpuSecond }) => deliveriesPerCpuSecond))
  const ratio = rate('sangam') / rate('bare')
  for (const kind of kinds)
    console.log(`${kind.padEnd(8)} ${rate(kind).toFixed(0).padStart(8)} deliveries/CPU-second`)
  console.log(`Sangam ÷ bare: ${ratio.toFixed(2)}  (1 sender, ${count} members)`)
  return { runs, ratio }
}
