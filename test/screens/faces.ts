import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from 'playwright-core'

/** The colours of somebody drawn: behind them, their clothes, their skin and their hair. */
interface Face {
  readonly backdrop: readonly [from: string, to: string]
  readonly clothes: string
  readonly skin: string
  readonly hair: string
  /** How far the hair comes down, in parts of the head's height. */
  readonly hairLength: number
}

const FACES: readonly Face[] = [
  {
    backdrop: ['#2f3d63', '#1f2a47'],
    clothes: '#4a7f86',
    skin: '#c99a78',
    hair: '#241b19',
    hairLength: 1.15,
  },
  {
    backdrop: ['#54452f', '#31291d'],
    clothes: '#a8986f',
    skin: '#9a6547',
    hair: '#1d1715',
    hairLength: 0.35,
  },
  { backdrop: ['#2f5747', '#1d3a30'], clothes: '#7d5a76', skin: '#e3b99c', hair: '#6b4526', hairLength: 0.8 },
]

/** Draws a few people for cameras to show. @returns a .mjpeg file of each in the folder */
export async function drawFaces(page: Page, folder: string): Promise<readonly string[]> {
  const files: string[] = []
  for (const [index, face] of FACES.entries()) {
    const file = join(folder, `face-${index}.mjpeg`)
    writeFileSync(file, Buffer.from(await page.evaluate(draw, face), 'base64'))
    files.push(file)
  }
  return files
}

/** Runs in a page. @returns a JPEG in base64 */
function draw({ backdrop, clothes, skin, hair, hairLength }: Face): string {
  const canvas = document.createElement('canvas')
  canvas.width = 1280
  canvas.height = 720
  const pen = canvas.getContext('2d')
  if (pen === null) return ''
  const ellipse = (x: number, y: number, width: number, height: number, colour: string | CanvasGradient) => {
    pen.fillStyle = colour
    pen.beginPath()
    pen.ellipse(x, y, width, height, 0, 0, 2 * Math.PI)
    pen.fill()
  }
  const wall = pen.createRadialGradient(420, 140, 60, 640, 360, 900)
  wall.addColorStop(0, backdrop[0])
  wall.addColorStop(1, backdrop[1])
  pen.fillStyle = wall
  pen.fillRect(0, 0, 1280, 720)
  const [x, y] = [640, 300]
  // What hangs behind the head, then body, neck, head, and the hair over the forehead.
  pen.fillStyle = hair
  pen.beginPath()
  pen.roundRect(x - 128, y - 150, 256, 150 + 170 * hairLength, 120)
  pen.fill()
  ellipse(x, 760, 330, 260, clothes)
  pen.fillStyle = skin
  pen.beginPath()
  pen.roundRect(x - 46, y + 70, 92, 160, 44)
  pen.fill()
  ellipse(x, y, 108, 140, skin)
  pen.save()
  pen.beginPath()
  pen.rect(x - 140, y - 170, 280, 110)
  pen.clip()
  ellipse(x, y - 8, 122, 146, hair)
  pen.restore()
  for (const eye of [x - 40, x + 40]) ellipse(eye, y - 2, 8, 9, '#1b1413')
  pen.strokeStyle = '#1b1413'
  pen.lineWidth = 5
  pen.lineCap = 'round'
  pen.beginPath()
  pen.arc(x, y + 36, 40, 0.18 * Math.PI, 0.82 * Math.PI)
  pen.stroke()
  return canvas.toDataURL('image/jpeg', 0.92).replace(/^.*,/, '')
}
