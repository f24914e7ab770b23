/** Where unsent answers lie: IndexedDB, else localStorage, else memory. */

/**
 * @typedef {object} Item
 * @property {string} uuid
 * @property {string} visit
 * @property {number} order
 * @property {string} [refused]  Why the server does not want it; set aside.
 * @property {Record<string, any>} body
 */

/**
 * @typedef {object} Backend
 * @property {boolean} durable  Whether it survives a reload.
 * @property {(item: Item) => Promise<void>} put
 * @property {() => Promise<Item[]>} all
 * @property {(uuid: string) => Promise<void>} remove
 */

/**
 * @typedef {object} Store
 * @property {(item: Item) => Promise<boolean>} put  Resolves to whether it would survive a reload.
 * @property {() => Promise<Item[]>} all  In order.
 * @property {(uuid: string) => Promise<void>} remove
 * @property {() => Promise<boolean>} lasts  Whether what is put would survive a reload, tried out.
 */

/**
 * The first backend that accepts an item keeps it; reading looks into all of them.
 *
 * @param {string} visit
 * @param {Backend[]} [backends]
 * @returns {Store}
 */
export function openStore(visit, backends = [indexedDb(), webStorage(visit), memory()]) {
  /** @param {Item} item */
  const put = async (item) => {
    for (const backend of backends) {
      try {
        await inTime(backend.put(item));
        return backend.durable;
      } catch {
        continue;
      }
    }
    return false;
  };
  /** @param {string} uuid */
  const remove = async (uuid) => {
    await Promise.all(backends.map((backend) => inTime(backend.remove(uuid)).catch(() => {})));
  };
  return {
    put,
    remove,
    async all() {
      const lists = backends.map((backend) => inTime(backend.all()).catch(() => []));
      const items = (await Promise.all(lists)).flat().filter((item) => item.visit === visit);
      const newest = new Map(items.reverse().map((item) => [item.uuid, item]));
      return [...newest.values()].sort((a, b) => a.order - b.order);
    },
    async lasts() {
      const probe = { uuid: `probe:${visit}`, visit: "nobody", order: 0, body: {} };
      const lasting = await put(probe);
      await remove(probe.uuid);
      return lasting;
    },
  };
}

/** A blocked database must not hold up the study. @template T @param {Promise<T>} work @returns {Promise<T>} */
function inTime(work) {
  return Promise.race([
    work,
    new Promise((_, reject) => {
      setTimeout(() => reject(new Error("storage does not answer")), 1500);
    }),
  ]);
}

/** @returns {Backend} */
export function indexedDb() {
  /** @type {Promise<IDBDatabase> | undefined} */
  let opened;
  const database = () => {
    opened ??= new Promise((resolve, reject) => {
      const request = window.indexedDB.open("paragone", 1);
      request.onupgradeneeded = () => request.result.createObjectStore("outbox", { keyPath: "uuid" });
      request.onsuccess = () => {
        // The browser may close it, or another page may want to change it: open anew when needed.
        const forget = () => (opened = undefined);
        request.result.onclose = forget;
        request.result.onversionchange = () => {
          request.result.close();
          forget();
        };
        resolve(request.result);
      };
      request.onerror = () => reject(request.error);
      request.onblocked = () => reject(new Error("blocked"));
    });
    return opened;
  };
  /** @param {IDBTransactionMode} mode @param {(outbox: IDBObjectStore) => IDBRequest} act */
  const transact = async (mode, act) => {
    // Strict: on the disk before the next trial is asked. Browsers that do not know the word ignore it.
    const transaction = (await database()).transaction("outbox", mode, { durability: "strict" });
    const request = act(transaction.objectStore("outbox"));
    return new Promise((resolve, reject) => {
      transaction.oncomplete = () => resolve(request.result);
      transaction.onerror = () => reject(transaction.error);
      transaction.onabort = () => reject(transaction.error);
    });
  };
  return {
    durable: true,
    put: (item) => transact("readwrite", (outbox) => outbox.put(item)),
    all: () => transact("readonly", (outbox) => outbox.getAll()),
    remove: (uuid) => transact("readwrite", (outbox) => outbox.delete(uuid)),
  };
}

/** One key per item: two tabs never overwrite each other. @param {string} visit @returns {Backend} */
export function webStorage(visit) {
  const prefix = `paragone:${visit}:outbox:`;
  return {
    durable: true,
    put: async (item) => window.localStorage.setItem(prefix + item.uuid, JSON.stringify(item)),
    all: async () =>
      Object.keys(window.localStorage)
        .filter((key) => key.startsWith(prefix))
        .map((key) => JSON.parse(window.localStorage.getItem(key) ?? "null"))
        .filter(Boolean),
    remove: async (uuid) => window.localStorage.removeItem(prefix + uuid),
  };
}

/** @returns {Backend} */
export function memory() {
  /** @type {Map<string, Item>} */
  const items = new Map();
  return {
    durable: false,
    put: async (item) => void items.set(item.uuid, item),
    all: async () => [...items.values()],
    remove: async (uuid) => void items.delete(uuid),
  };
}
