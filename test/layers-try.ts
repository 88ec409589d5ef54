import { TestBrowser } from './harness/chromium.ts'
import { MediaPage } from './harness/media-page.ts'
const [mime, mode] = process.argv.slice(2) as [string, string]
const browser = await TestBrowser.launch()
const media = await MediaPage.open(browser, 48000)
const encodings = mode === 'simulcast'
  ? [{ scaleResolutionDownBy: 4, maxBitrate: 150_000, scalabilityMode:'L1T3' }, { scaleResolutionDownBy: 2, maxBitrate: 500_000 , scalabilityMode:'L1T3'}, { maxBitrate: 1_500_000, scalabilityMode:'L1T3' }]
  : [{ scalabilityMode: mode, maxBitrate: 2_500_000 }]
const producer = await media.publish(mime, encodings)
console.log('type', producer.type)
const consumer = await media.subscribe()
consumer.on('layerschange', (l) => console.log(Date.now() % 100000, 'layers', JSON.stringify(l)))
producer.on('score', (s) => console.log('score', JSON.stringify(s.map((x) => x.score))))
const wait = (ms: number) => new Promise((r) => setTimeout(r, ms))
let last = await media.received()
async function watch(seconds: number) {
  for (let i = 0; i < seconds; i++) {
    await wait(1000)
    const r = await media.received() as any
    const c = (await consumer.getStats())[0] as any
    console.log(JSON.stringify(consumer.currentLayers), `${r.frameWidth}x${r.frameHeight} fps ${(r.framesDecoded - last.framesDecoded)} freeze ${r.freezeCount}/${r.totalFreezesDuration} key ${r.keyFramesDecoded} pli ${r.pliCount} nack ${r.nackCount} lost ${r.packetsLost} drop ${r.framesDropped} bps ${c?.bitrate} rtx ${c?.packetsRetransmitted}`)
    last = r
  }
}
await watch(3)
for (const layers of [[0,2],[2,2],[1,0],[1,2],[2,1],[0,0],[2,2]]) {
  console.log(Date.now() % 100000, 'prefer', layers)
  await consumer.setPreferredLayers({ spatialLayer: layers[0]!, temporalLayer: layers[1]! })
  await watch(2)
}
for (const s of await producer.getStats()) console.log(s.rid, s.bitrate, JSON.stringify(s.bitrateByLayer), 'pli', s.pliCount)
console.log(browser.problems)
await media[Symbol.asyncDispose]()
await browser.close()
