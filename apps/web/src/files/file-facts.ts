import type { UploadOptions } from '@sangam/client'

/** The longer side of a thumbnail, px. */
const THUMBNAIL_PX = 480
/** A picture below this needs no smaller one. */
const SMALL_BYTES = 60_000
/** A film that shows nothing after this long is sent without a picture of it. */
const FILM_MS = 5000

/** What this device can tell of a file: its size on the screen, its length, and a small picture of it. */
export async function factsOf(file: File): Promise<UploadOptions> {
  try {
    if (file.type.startsWith('image/') && file.type !== 'image/svg+xml') return await pictureFacts(file)
    if (file.type.startsWith('video/')) return await filmFacts(file)
  } catch {
    // What can't be read here is sent as it is.
  }
  return {}
}

async function pictureFacts(file: File): Promise<UploadOptions> {
  const picture = await createImageBitmap(file)
  const { width, height } = picture
  const thumbnail = file.size > SMALL_BYTES ? await shrink(picture, width, height) : undefined
  picture.close()
  return { width, height, ...(thumbnail === undefined ? {} : { thumbnail }) }
}

async function filmFacts(file: File): Promise<UploadOptions> {
  const film = document.createElement('video')
  film.muted = true
  film.preload = 'auto'
  film.src = URL.createObjectURL(file)
  try {
    await new Promise((resolve, reject) => {
      film.onloadeddata = resolve
      film.onerror = reject
      setTimeout(reject, FILM_MS)
    })
    const { videoWidth: width, videoHeight: height, duration } = film
    const thumbnail = await shrink(film, width, height)
    return {
      width,
      height,
      ...(Number.isFinite(duration) ? { durationMs: Math.round(duration * 1000) } : {}),
      ...(thumbnail === undefined ? {} : { thumbnail }),
    }
  } finally {
    URL.revokeObjectURL(film.src)
  }
}

async function shrink(source: CanvasImageSource, width: number, height: number): Promise<Blob | undefined> {
  const scale = Math.min(1, THUMBNAIL_PX / Math.max(width, height))
  const canvas = document.createElement('canvas')
  canvas.width = Math.max(1, Math.round(width * scale))
  canvas.height = Math.max(1, Math.round(height * scale))
  canvas.getContext('2d')?.drawImage(source, 0, 0, canvas.width, canvas.height)
  const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, 'image/jpeg', 0.75))
  return blob ?? undefined
}
