// Reads the addresses to publish, at once when the Service that has them changes, and every so often.
import type { ApiClient } from '../kube/client.ts';
import { type Address, sortAddresses } from '../kube/status.ts';
import { type AddressChoice, addressesOfNode, addressesOfService, nodesOfPods } from './addresses.ts';
import { follow } from './follow.ts';
import type { Pods } from './pods.ts';

const IDLE_MS = 10_000;

export class AddressSource {
  readonly #client: ApiClient;
  readonly #pods: Pods;
  readonly #choice: AddressChoice;
  /** For messages. */
  readonly name: string;

  constructor(client: ApiClient, pods: Pods, choice: AddressChoice) {
    this.#client = client;
    this.#pods = pods;
    this.#choice = choice;
    this.name = nameOf(choice);
  }

  /** None while nothing is known to be reachable. Rejects with ApiError, or the signal's reason. */
  async read(signal: AbortSignal): Promise<readonly Address[]> {
    switch (this.#choice.kind) {
      case 'list':
        return sortAddresses(this.#choice.addresses);
      case 'service': {
        const path = `${collectionOf(this.#choice.namespace)}/${this.#choice.name}`;
        return addressesOfService(await this.#client.json(path, { signal, idleMs: IDLE_MS }));
      }
      case 'nodes': {
        const pods = await this.#pods.siblings(await this.#pods.own(signal), signal);
        const addresses: Address[] = [];
        for (const name of nodesOfPods(pods)) {
          addresses.push(...addressesOfNode(await this.#pods.node(name, signal), this.#choice.prefer));
        }
        return sortAddresses(addresses);
      }
    }
  }

  /** Calls `onChange` when it is time to read before the next tick; until the signal. */
  async follow(onChange: () => void, signal: AbortSignal): Promise<void> {
    if (this.#choice.kind !== 'service') return;
    await follow(this.#client, collectionOf(this.#choice.namespace), this.#choice.name, onChange, signal);
  }
}

function collectionOf(namespace: string): string {
  return `/api/v1/namespaces/${encodeURIComponent(namespace)}/services`;
}

function nameOf(choice: AddressChoice): string {
  switch (choice.kind) {
    case 'list':
      return '--publish-status-address';
    case 'service':
      return `Service ${choice.namespace}/${choice.name} of --publish-service`;
    case 'nodes':
      return 'the nodes of our Pods';
  }
}
