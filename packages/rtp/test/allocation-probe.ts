/** Parses packets in a loop, for `allocation.test.ts`, which counts the garbage collections of this process. */
import * as rtp from '../src/index.ts'
import { golden } from './golden.ts'

const PACKET = golden(`
  b0e0fffe fffffff0 deadbeef bede0003 10aa21b1 b20033c1 c2c3c400
  90f0ffff 807f1002 009d012a 80026841 00000004
`)
const RTCP = golden(
  '81cd0003 00000001 00000002 fffe8005 8fcd0007 00000001 00000002 ffff000e fffffeff 9f1c0102 03040506 07080000',
)

const header = new rtp.RtpHeader()
const rtcpHeader = new rtp.RtcpHeader()
const feedback = new rtp.TransportFeedback()
const locator = new rtp.HeaderExtensionLocator(4)
for (const id of [1, 2, 3]) locator.register(id, id)
const descriptor = new rtp.Vp8Descriptor()
const sequenceNumbers = new rtp.SequenceNumberUnwrapper()
let checksum = 0
const visit = (sequenceNumber: number): void => {
  checksum = (checksum + sequenceNumber) | 0
}

function pass(round: number, garbage: boolean): void {
  if (garbage) checksum = (checksum + Array.from({ length: 1 }).length) | 0
  PACKET[2] = round >> 8
  PACKET[3] = round
  rtp.parseRtpPacket(PACKET, 0, PACKET.length, header)
  checksum =
    (checksum + locator.locate(PACKET, header) + (sequenceNumbers.unwrap(header.sequenceNumber) & 1)) | 0
  rtp.parseVp8Descriptor(PACKET, header.payloadOffset, header.payloadLength, descriptor)
  checksum = (checksum + descriptor.pictureId) | 0
  for (let at = 0; rtp.parseRtcpPacket(RTCP, at, RTCP.length, rtcpHeader); at += rtcpHeader.packetLength) {
    if (rtcpHeader.count === 1) rtp.forEachNackedSequenceNumber(RTCP, rtcpHeader, visit)
    else rtp.readTransportFeedback(RTCP, rtcpHeader, feedback)
  }
}

const garbage = process.argv[2] === 'garbage'
for (let round = 0; round < 100_000; round += 1) pass(round, garbage)
process.stdout.write('warm\n')
for (let round = 0; round < 2_000_000; round += 1) pass(round, garbage)
process.stdout.write(`done ${checksum}\n`)
