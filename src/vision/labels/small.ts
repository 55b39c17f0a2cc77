/** CIFAR-10's classes (Krizhevsky 2009), by index. */
export const cifar10Labels: readonly string[] = /* @__PURE__ */ 'airplane,automobile,bird,cat,deer,dog,frog,horse,ship,truck'.split(',');

/** CIFAR-100's classes (Krizhevsky 2009), the fine ones, by index, in alphabetical order. */
export const cifar100Labels: readonly string[] = /* @__PURE__ */ (
  'apple,aquarium fish,baby,bear,beaver,bed,bee,beetle,bicycle,bottle,bowl,boy,bridge,bus,butterfly,camel,can,castle,caterpillar,' +
  'cattle,chair,chimpanzee,clock,cloud,cockroach,couch,crab,crocodile,cup,dinosaur,dolphin,elephant,flatfish,forest,fox,girl,' +
  'hamster,house,kangaroo,keyboard,lamp,lawn mower,leopard,lion,lizard,lobster,man,maple tree,motorcycle,mountain,mouse,mushroom,' +
  'oak tree,orange,orchid,otter,palm tree,pear,pickup truck,pine tree,plain,plate,poppy,porcupine,possum,rabbit,raccoon,ray,road,' +
  'rocket,rose,sea,seal,shark,shrew,skunk,skyscraper,snail,snake,spider,squirrel,streetcar,sunflower,sweet pepper,table,tank,' +
  'telephone,television,tiger,tractor,train,trout,tulip,turtle,wardrobe,whale,willow tree,wolf,woman,worm'
).split(',');

/** MNIST's classes (LeCun, Cortes, Burges): the digits. */
export const mnistLabels: readonly string[] = /* @__PURE__ */ '0,1,2,3,4,5,6,7,8,9'.split(',');

/** Fashion-MNIST's classes (Xiao, Rasul, Vollgraf 2017), by index. */
export const fashionMnistLabels: readonly string[] =
  /* @__PURE__ */ 'T-shirt/top,Trouser,Pullover,Dress,Coat,Sandal,Shirt,Sneaker,Bag,Ankle boot'.split(',');
