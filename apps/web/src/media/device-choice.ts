/** What a person chose for camera and microphone, kept for the next room. */
export interface DeviceChoice {
  readonly microphone: boolean
  readonly camera: boolean
  readonly microphoneDeviceId?: string
  readonly cameraDeviceId?: string
}

const STORAGE_KEY = 'sangam.devices'
const FIRST_CHOICE: DeviceChoice = { microphone: true, camera: true }

/** The last choice; both on before there was one. */
export function loadDeviceChoice(): DeviceChoice {
  try {
    return parseDeviceChoice(localStorage.getItem(STORAGE_KEY))
  } catch {
    return FIRST_CHOICE
  }
}

/** Keeps a choice. */
export function saveDeviceChoice(choice: DeviceChoice): void {
  try {
    localStorage.setItem(STORAGE_KEY, JSON.stringify(choice))
  } catch {
    // Without storage the choice lasts for this visit.
  }
}

/** The choice in a stored text; whatever is missing or of another type takes its first value. */
export function parseDeviceChoice(stored: string | null): DeviceChoice {
  let value: unknown
  try {
    value = JSON.parse(stored ?? 'null')
  } catch {
    return FIRST_CHOICE
  }
  if (typeof value !== 'object' || value === null) return FIRST_CHOICE
  const { microphone, camera, microphoneDeviceId, cameraDeviceId } = value as Record<string, unknown>
  return {
    microphone: microphone !== false,
    camera: camera !== false,
    ...(typeof microphoneDeviceId === 'string' ? { microphoneDeviceId } : {}),
    ...(typeof cameraDeviceId === 'string' ? { cameraDeviceId } : {}),
  }
}
