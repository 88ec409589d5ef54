/** This process's use of the machine, in the public API's names: times in milliseconds, memory in kilobytes. */
export function resourceUsage(): Readonly<Record<string, number>> {
  const usage = process.resourceUsage()
  return {
    ru_utime: usage.userCPUTime / 1000,
    ru_stime: usage.systemCPUTime / 1000,
    ru_maxrss: usage.maxRSS,
    ru_ixrss: usage.sharedMemorySize,
    ru_idrss: usage.unsharedDataSize,
    ru_isrss: usage.unsharedStackSize,
    ru_minflt: usage.minorPageFault,
    ru_majflt: usage.majorPageFault,
    ru_nswap: usage.swappedOut,
    ru_inblock: usage.fsRead,
    ru_oublock: usage.fsWrite,
    ru_msgsnd: usage.ipcSent,
    ru_msgrcv: usage.ipcReceived,
    ru_nsignals: usage.signalsCount,
    ru_nvcsw: usage.voluntaryContextSwitches,
    ru_nivcsw: usage.involuntaryContextSwitches,
  }
}
