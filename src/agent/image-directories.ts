/** Where things are on the OS image. */
export const imageDirectories = {
  /** Seconds since 1970 of the image's build; only Berth's own image has it. */
  marker: '/usr/lib/berth/epoch',
  /** NAME/usr for every system container that comes with the OS. */
  containers: '/usr/lib/berth/containers',
  /** The engine's programs, as EngineBinaries: asking dockerd for its version would take seconds of the boot. */
  engineBinaries: '/usr/lib/berth/engine/binaries.json',
  /** Which archive holds which of their images. */
  images: '/usr/lib/berth/images/images.json',
  /** Powers off or restarts, services first: `power reboot`. */
  power: '/usr/lib/berth/power',
  /** There once the drivers of disks and networks are loaded: image/os/root/usr/lib/berth/load-drivers. */
  driversReady: '/run/berth/drivers-ready',
} as const;
