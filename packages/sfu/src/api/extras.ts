/** Building blocks of the engine that applications may use as well. */
export { EnhancedEventEmitter, enhancedOnce } from './enhanced-event-emitter.ts'
