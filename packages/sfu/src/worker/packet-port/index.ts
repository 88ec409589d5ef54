/** The packet port by itself, for test peers and benchmarks. Applications use the engine's API instead. */
export { type PacketAddress, packetAddressSocket, readPacketAddress, writePacketAddress } from './address.ts'
export { createPacketPort, type FloorOptions, type FloorResult, loadAddon } from './load.ts'
export * from './packet-port.ts'
