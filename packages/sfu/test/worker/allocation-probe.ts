/** Forwards packets in a loop, for `allocation.test.ts`, which counts the garbage collections of this process. */
import { writeRtpPacket } from '@sangam/rtp'
import { DELTA_FRAME, EngineFixture, KEY_FRAME } from './engine-fixture.ts'

const RECEIVERS = 10

class SilentFixture extends EngineFixture {
  sent = 0
  constructor() {
    super()
    // The fake writes down what was sent; that is its garbage, not the engine's.
    this.port.execute = (entries) => {
      this.sent += entries
    }
  }
}

const fixture = new SilentFixture()
const publisher = fixture.connected('publisher', 40001)
fixture.produceVideo(publisher)
for (let i = 0; i < RECEIVERS; i++) {
  fixture.consumeVideo(fixture.connected(`viewer${i}`, 41000 + i), `consumer${i}`, 10_000 + 2 * i)
}
const { port } = fixture
const bytes = new Uint8Array(1500)
let kept: unknown

function pass(round: number, garbage: boolean): void {
  if (garbage) kept = Array.from({ length: 1 })
  bytes[2] = round >> 8
  bytes[3] = round
  port.addRtp(publisher.session, packet)
  port.timeUs += 10
  fixture.run()
}

function frame(payload: Uint8Array): Uint8Array {
  const fields = { payloadType: 96, sequenceNumber: 0, timestamp: 90_000, ssrc: 1111, payload }
  return bytes.subarray(0, writeRtpPacket(bytes, 0, fields))
}

const garbage = process.argv[2] === 'garbage'
let packet = frame(KEY_FRAME)
pass(1, garbage)
packet = frame(DELTA_FRAME)
for (let round = 2; round < 100_000; round++) pass(round, garbage)
process.stdout.write('warm\n')
const before = fixture.sent
for (let round = 100_000; round < 1_100_000; round++) pass(round, garbage)
process.stdout.write(`done ${fixture.sent - before} ${kept === null}\n`)
