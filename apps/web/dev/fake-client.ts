export const isSangamError = (_e: unknown) => false
export const connect = () => Promise.reject(new Error('x'))
const d = { microphones: [{deviceId:'a',label:'Built-in microphone'}], cameras: [{deviceId:'b',label:'Studio camera'}], speakers: [] }
export const mediaDevices = () => ({ get: () => d, subscribe: () => () => {} })
export const fetchServerInfo = () => Promise.resolve({ guests: true, name: 'x', protocolVersion: 1 })
