// The folders of an instance and the names of the files in them.

/** Absolute, and each written by one side only. */
export interface Folders {
  /** Configuration: the controller's to write. */
  readonly confDir: string;
  /** Sockets and the pid: nginx's to write. */
  readonly runDir: string;
  /** Request bodies and responses that do not fit into memory: nginx's to write. */
  readonly tempDir: string;
}

/** Names of the files below the configuration folder. */
export const CONFIG_FILES = {
  config: 'nginx.conf',
  secret: 'secret',
  /** What the commands of sluice ask. */
  inspection: 'inspect/inspect.sock',
  certificate: 'placeholder.crt',
  certificateKey: 'placeholder.key',
} as const;

/** Names of the files below the run directory. */
export const RUN_FILES = {
  pid: 'nginx.pid',
  control: 'sockets/control.sock',
  supervisor: 'sockets/supervisor.sock',
} as const;
