// The text of `sluice nginx --help`.

export const NGINX_HELP = `sluice nginx: runs nginx for a controller in another container, and holds no token

usage: sluice nginx --conf-dir=DIR --run-dir=DIR [flags]

The controller (sluice --nginx-mode=remote, with the same two folders) writes the configuration, and has it tested, started and
reloaded through a socket in the run directory. Either may start first, and either may be restarted: nginx goes on serving
without the controller. Mount the configuration folder read-only here, and the run directory read-only there.

  --conf-dir=…                       Folder of the configuration, the secret and CA files; the controller writes it.
  --run-dir=…                        Folder of the sockets and the pid file; this program and nginx write it.
  --shutdown-grace-period=…          Seconds that nginx serves on after SIGTERM when no controller is there to say. (0)
  --log-format=…                     text, json, or auto: text on a terminal, else json. (auto)
  --help                             Print this help and exit.

On SIGTERM nginx serves on until the controller's own --shutdown-grace-period is over and it says so, then finishes its requests,
and the exit status is 0. A second signal ends at once. Environment: SLUICE_NGINX names another nginx binary.
`;
