/** A seeded network on a virtual clock: the same seed gives the same packets, to the microsecond. */
export { Bottleneck, type BottleneckOptions, type Delivery, type RateStep } from './bottleneck.ts'
export { MediaSource, type MediaSourceOptions, VIDEO_SOURCE } from './media-source.ts'
export { SeededRandom } from './random.ts'
export { TcpFlow } from './tcp-flow.ts'
export { VirtualTime } from './virtual-time.ts'
