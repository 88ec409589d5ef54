import { parseRtcpPacket, RtcpHeader, readTransportFeedback, TransportFeedback } from '@sangam/rtp'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { TransportCcRecorder } from '../../src/worker/congestion/transport-cc-recorder.ts'

/** Reads everything that the recorder has to say. @returns the numbers reported as received */
function drain(recorder: TransportCcRecorder, nowUs: number): number[] {
  const received: number[] = []
  const header = new RtcpHeader()
  const feedback = new TransportFeedback()
  for (let messages = 0; recorder.isDue(nowUs) && messages < 100; messages++) {
    const bytes = new Uint8Array(1200)
    const length = recorder.write(bytes, 0, 1200, nowUs)
    expect(parseRtcpPacket(bytes, 0, length, header)).toBe(true)
    expect(readTransportFeedback(bytes, header, feedback)).toBe(true)
    for (let i = 0; i < feedback.statusCount; i++) {
      if (feedback.arrivalTicks[i] !== -0x80000000) received.push((feedback.baseSequenceNumber + i) & 0xffff)
    }
  }
  return received
}

function recorderWith(numbers: readonly number[]): TransportCcRecorder {
  const recorder = new TransportCcRecorder()
  recorder.enable()
  for (const [i, number] of numbers.entries()) recorder.received(number, 1_000_000 + i * 1000, 1)
  return recorder
}

describe('TransportCcRecorder', () => {
  test.each([0, 127, 32767, 65530])('each arrival is reported once, over the wrap, from %d on', (start) => {
    const numbers = Array.from({ length: 1000 }, (_, i) => (start + i) & 0xffff)
    const recorder = recorderWith(numbers)
    expect(drain(recorder, 3_000_000)).toEqual(numbers)
    expect(recorder.isDue(9_000_000)).toBe(false)
  })

  test('any subset of arrivals, in any order within the window, is reported exactly', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.integer({ min: 0, max: 1500 }), { minLength: 1, maxLength: 300 }),
        (numbers) => {
          const recorder = recorderWith(numbers)
          expect(drain(recorder, 3_000_000).sort((a, b) => a - b)).toEqual([...numbers].sort((a, b) => a - b))
        },
      ),
    )
  })

  test('nothing is due within 50 ms of the last message, nor before transport-cc was negotiated', () => {
    const recorder = recorderWith([1, 2])
    drain(recorder, 2_000_000)
    recorder.received(3, 2_000_500, 1)
    expect(recorder.isDue(2_049_000)).toBe(false)
    expect(recorder.isDue(2_050_000)).toBe(true)
    const silent = new TransportCcRecorder()
    silent.received(1, 1000, 1)
    expect(silent.isDue(9_000_000)).toBe(false)
  })

  test('a jump beyond the window begins anew instead of reporting thousands of losses', () => {
    const recorder = recorderWith([1, 2, 20_000])
    expect(drain(recorder, 3_000_000)).toEqual([20_000])
  })
})
