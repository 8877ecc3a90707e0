/** A service on the host's network that answers `hello` on port 8080, with the image that every host has; a line of `berth.services`. */
export const helloService = `hello:
      image: berth/busybox:latest
      pull_policy: never
      network_mode: host
      command: [sh, -c, "echo hello > /index.html && exec httpd -f -p 8080 -h /"]
      stop_signal: SIGKILL
      x-berth: {engine: system}`;
